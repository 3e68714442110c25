"""`make bench-services`: the measures of the services, each against a floor of the same run, as a table and as JSON.

Everything shares this machine's cores: the services, their servers and the load. Needs the images of `make images`, and
the services' packages in a virtual environment of their own, as images have them: what tests need would be imported.
Exits with 1 where a bound is missed, or no round counts.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
import uvloop

from bench.services import creates, events, floor_imports, machine, relay_drain
from bench.services.verdicts import (
    COALESCED,
    EVENTS,
    LOAD_TEST,
    MEMORY,
    RELAY,
    SINGLE,
    STARTS,
    as_json,
    as_markdown,
    verdicts,
)
from cluster import backends
from cluster.backends import Running
from integration.services.process import free_port
from integration.services.stack import stack as stacks
from integration.services.stack.fresh import schema
from integration.services.stack.member import Member
from integration.services.stack.stack import Stack
from integration.services.test_integration import create_concurrently

HERE = Path(__file__).parent
PYTHON = "build/services/bin/python"
UNCOALESCED = {"postgres-data": (str(HERE / "uncoalesced.py"),)}
TRACED = "0.1"
PREFIX = "usecase-bench-"


async def main() -> int:
    """Start the servers, measure, remove them, print."""
    with servers() as found:
        report: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "load_at_start": os.getloadavg()[0]}}
        said("relay")
        report[RELAY] = await relay_drain.drained(
            await schema(direct(found["postgres"]), "bench_relay"), found["rabbitmq"]
        )
        floor = await creates.floor(await schema(direct(found["postgres"]), "bench_floor"))
        async with stack(found, "bench_single", UNCOALESCED) as single:
            said("creates, one transaction each")
            report[SINGLE] = await creates.measured(single, floor)
        async with stack(found, "bench_whole", {}) as whole:
            report["processes"] = dict.fromkeys(sorted(whole.members), 1)
            idle = machine.resident_mib(whole)
            said("creates, coalesced")
            report[COALESCED] = await creates.measured(whole, floor)
            said("the seed's load test")
            report[LOAD_TEST] = await seeds_load(whole)
            said("publish to analytics")
            report[EVENTS] = await events.measured(whole)
            report[MEMORY] = {"idle": idle, "most under load": machine.resident_mib(whole, peak=True)}
            said("starts")
            report[STARTS] = await asyncio.to_thread(machine.seconds_to_ready, whole)
            report["import of its packages s"] = {
                name: await asyncio.to_thread(floor_imports.seconds, PYTHON, f"usecase_{name.replace('-', '_')}")
                for name in report[STARTS]
            }
        report["machine"]["load_at_end"] = os.getloadavg()[0]
    found = verdicts(report)
    print(as_markdown(found), end="\n\n")
    print(json.dumps({"verdicts": as_json(found), **report}, indent=2, ensure_ascii=False))
    return 0 if all(each.met for each in found) else 1


async def seeds_load(stack: Stack) -> dict[str, float]:
    """The seed's load test as it is written."""
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=30) as client:
        tasks, seconds = await create_concurrently(client)
    return {"tasks": tasks, "seconds": round(seconds, 3), "tasks_per_second": round(tasks / seconds, 1)}


@contextmanager
def servers() -> Iterator[dict[str, Running]]:
    """The four backends, empty."""
    backends.remove_leftovers(PREFIX)
    with ExitStack() as cleanup:
        found = {}
        for name in ("rabbitmq", "postgres", "redis", "mongodb"):
            container = f"{PREFIX}{name}-{os.getpid()}"
            cleanup.callback(backends.remove, container)
            found[name] = backends.start(name, backends.project_image(name), container)
        yield found


@asynccontextmanager
async def stack(
    found: Mapping[str, Running], name: str, commands: Mapping[str, tuple[str, ...]]
) -> AsyncIterator[Stack]:
    """The whole stack as it ships: logs, metrics, a tenth of the traces. *name*: of its schema and database."""
    stores = {
        "postgres": await schema(direct(found["postgres"]), name),
        "redis": found["redis"].uri,
        "mongodb": urlsplit(found["mongodb"].uri)._replace(path=f"/{name}").geturl(),
    }
    port = free_port()
    with tempfile.TemporaryDirectory() as logs, ExitStack() as cleanup:
        url = f"http://127.0.0.1:{port}"
        sink = Member("sink", (str(HERE / "sink.py"), str(port)), {}, url, Path(logs, "sink.log"))
        cleanup.callback(sink.kill)
        sink.resume()
        traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_TRACES_SAMPLER_ARG": TRACED}
        yield cleanup.enter_context(stacks.running(found, stores, Path(logs), traces, commands, PYTHON))


def direct(postgres: Running) -> str:
    """PostgreSQL's address past the engine's proxy, which would cost a part of both cores."""
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    command = ["docker", "inspect", "--format", form, postgres.container]
    address = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return postgres.uri.replace(f"127.0.0.1:{postgres.ports[5432]}", f"{address}:5432")


def said(what: str) -> None:
    print(f"▸ {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Ended by anybody, it removes what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # The report alone goes to stdout; what the migrations log does not.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sys.exit(uvloop.run(main()))
