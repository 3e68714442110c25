"""`python -m bench.operator`: what `make bench-operator` prints, as a table and as JSON. SIZE use cases, 100 if unsaid.

Exits with 1 where a target is missed; a run whose floor is too slow or moved too much is void, and says so.
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.operator import api, latency, scale
from cluster import backends
from cluster.fixtures import Cluster, reached
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, served_namespace
from integration.operator.stage import stage

Json = dict[str, Any]
SPREAD, APPLIES = 0.15, 100.0


def verdicts(at_scale: Json, near: Json) -> list[tuple[str, float, str, float]]:
    """Measure, found, how it compares, target."""
    return [
        ("API writes of a use case", near["writes of a use case"], "≤", near["writes allowed"]),
        ("writes on a full resync", at_scale["writes on resync"], "≤", 0),
        ("writes on a restart", at_scale["writes on restart"], "≤", 0),
        ("use cases a second ÷ bare script", at_scale["ratio"], "≥", 0.7),
        (f"memory at {at_scale['size']} use cases, MiB", at_scale["memory MiB"], "≤", 150),
        ("memory of one more, KiB", at_scale["growth KiB"], "≤", 60),
        ("child drift repaired, p99 ms", at_scale["drift"]["p99 ms"], "≤", 1000),
        ("broker drift repaired, p99 ms", near["broker drift"]["p99 ms"], "≤", 10_000),
        ("broker requests a minute", near["broker requests a minute"], "≤", 20),
        ("last child Ready → UseCase Ready, p99 ms", near["ready after last child"]["p99 ms"], "≤", 500),
        ("idle, m cores", at_scale["idle m cores"], "≤", 10),
    ]


async def measure(cluster: Cluster, folder: Path, size: int) -> tuple[Json, Json]:
    async with api.admin(cluster, folder) as session:
        with (
            home_of_operator(cluster) as home,
            served_namespace(cluster, home, "bench") as served,
            served_namespace(cluster, home, "floor", secrets=False) as floors,
        ):
            operator = OperatorProcess(cluster, home, [served], folder, "benched", log_level="WARNING")
            at_scale = await scale.measure(session, operator, served, floors, size)
        rabbitmq = backends.start(
            "rabbitmq", backends.project_image("rabbitmq"), f"usecase-bench-rabbitmq-{os.getpid()}"
        )
        try:
            with stage(cluster, rabbitmq, folder) as made:
                near = await latency.measure(session, made)
        finally:
            rabbitmq.remove()
    return at_scale, near


def main() -> int:
    cluster = reached()
    with tempfile.TemporaryDirectory() as folder:
        at_scale, near = asyncio.run(measure(cluster, Path(folder), int(os.environ.get("SIZE", "100"))))
    found = verdicts(at_scale, near)
    missed = [name for name, value, how, target in found if (value > target if how == "≤" else value < target)]
    applies = min(at_scale["floor"]) * at_scale["applies of a floor"]
    void = at_scale["floor spread"] > SPREAD or applies < APPLIES
    print("| measure | found | target |\n|---|---|---|")
    for name, value, how, target in found:
        print(f"| {name} | {value:.3g}{' **missed**' if name in missed else ''} | {how} {target:g} |")
    print(f"\nfloor: {applies:.0f} applies/s, spread {at_scale['floor spread']:.0%}{' (void)' if void else ''}\n")
    print(json.dumps({"scale": at_scale, "near": near, "missed": missed, "void": void}, indent=2))
    return 1 if missed or void else 0


if __name__ == "__main__":
    sys.exit(main())
