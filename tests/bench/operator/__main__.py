"""`python -m bench.operator`: what `make bench-operator` prints, as a table for the page and as JSON.

SIZE use cases, 100 if unsaid. Exits with 1 where a target is missed, or where no round counts and it says void.
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
# Two windows of a minute may each hold one read more, or one less.
CHANCE = 2


def verdicts(at_scale: Json, near: Json) -> list[tuple[str, float, str, float]]:
    """Measure, found, how it compares, target. A ratio that no round counts for is 0."""
    few = near[f"broker requests a minute at {latency.USECASES}"]
    many = near[f"broker requests a minute at {latency.MANY}"]
    size = at_scale["size"]
    return [
        ("API writes of a use case with messaging", near["writes of a use case"], "≤", near["writes allowed"]),
        ("API writes of a use case, idle", at_scale["writes of a use case"], "≤", at_scale["writes allowed"]),
        (
            "Kubernetes Events of a use case",
            max(near["Events of a use case"], at_scale["Events of a use case"]),
            "≤",
            8,
        ),
        ("writes on a full resync", at_scale["writes on resync"], "≤", 0),
        ("writes on a restart", at_scale["writes on restart"], "≤", 0),
        ("use cases a second ÷ bare script", at_scale["ratio"] or 0, "≥", 0.7),
        (f"memory at {size} use cases, MiB", at_scale["memory MiB"], "≤", 150),
        ("memory of one more, KiB", at_scale["growth KiB"], "≤", 60),
        ("child drift repaired, p99 ms", at_scale["drift"]["p99 ms"], "≤", 1000),
        ("broker drift repaired, p99 ms", near["broker drift"]["p99 ms"], "≤", 10_000),
        (f"broker requests a minute at {latency.MANY}, those at {latency.USECASES} taken off", many - few, "≤", CHANCE),
        ("last child Ready → UseCase Ready, p99 ms", near["ready after last child"]["p99 ms"], "≤", 500),
        (f"idle at {size} use cases, m cores", at_scale["idle m cores"], "≤", 10),
    ]


async def measure(cluster: Cluster, folder: Path, size: int) -> tuple[Json, Json]:
    async with api.admin(cluster, folder) as session:
        with (
            home_of_operator(cluster) as home,
            served_namespace(cluster, home, "bench") as served,
            served_namespace(cluster, home, "floor", secrets=False) as floors,
        ):
            operator = OperatorProcess(cluster, home, [served], folder, "benched", log_level="WARNING")
            at_scale = await scale.measure(session, operator, served, size, floors)
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
    _nobody_else(cluster)
    with tempfile.TemporaryDirectory() as folder:
        at_scale, near = asyncio.run(measure(cluster, Path(folder), int(os.environ.get("SIZE", "100"))))
    found = verdicts(at_scale, near)
    missed = [name for name, value, how, target in found if (value > target if how == "≤" else value < target)]
    print("| measure | found | target |\n|---|---|---|")
    for name, value, how, target in found:
        print(f"| {name} | {value:.3g}{' **missed**' if name in missed else ''} | {how} {target:g} |")
    print(f"\n{_floors(at_scale)}\n")
    print(json.dumps({"scale": at_scale, "near": near, "missed": missed}, indent=2))
    return 1 if missed else 0


def _floors(at_scale: Json) -> str:
    applies = ", ".join(f"{each:.0f}" for each in at_scale["floor applies a second"])
    sent, done = (
        ", ".join(f"{each['ratio']:.2f}" for each in summary["rounds"])
        for summary in (at_scale, at_scale["until the controllers have done"])
    )
    counted = sum(each["counts"] for each in at_scale["rounds"])
    void = "" if counted else " (void: run it again on a machine that does nothing else)"
    return (
        f"{os.cpu_count()} cores; floor: {applies} applies/s; {counted} of {scale.ROUNDS} rounds count{void}\n"
        f"÷ bare script, round by round: {sent}; ÷ bare script until the controllers have done: {done}"
    )


def _nobody_else(cluster: Cluster) -> None:
    """SystemExit where another operator serves the cluster: both would answer the same use cases."""
    found = cluster.get("deployments", "--all-namespaces", "--selector", "app.kubernetes.io/name=usecase-operator")
    if names := [f"{each['metadata']['name']} in {each['metadata']['namespace']}" for each in found["items"]]:
        sys.exit(
            f"another operator serves this cluster and its work would be counted, deployment {', '.join(names)}:"
            " take it off first (`make down` for what `make up` installed)"
        )


if __name__ == "__main__":
    sys.exit(main())
