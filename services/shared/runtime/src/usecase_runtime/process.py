"""The life of a service's process, the same for all six: settings, logs, traces, then its own `run` until it ends; and
the work that goes on beside it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
import uvloop

from usecase_runtime.logs import configure_logs
from usecase_runtime.settings import BadVariable, RuntimeSettings, load, otlp_endpoint
from usecase_runtime.tracing import configure_tracing

S = TypeVar("S", bound=RuntimeSettings)
_log = structlog.get_logger()


def run_process(service: str, settings_type: type[S], run: Callable[[S], Coroutine[Any, Any, None]]) -> None:
    """Run `run` with the settings that env gives; bad ones end the process with 2. Traces are sent before it ends."""
    settings = load(settings_type)
    configure_logs(service, settings.log_level)
    flush = configure_tracing(service, otlp_endpoint(settings), settings.otel_traces_sampler_arg)
    try:
        uvloop.run(run(settings))
    except BadVariable as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    finally:
        flush()


@asynccontextmanager
async def background(
    stop: asyncio.Event, *works: Coroutine[Any, Any, None]
) -> AsyncIterator[tuple[asyncio.Task[None], ...]]:
    """Do `works` while the body runs, and cancel at its end what then still goes on.

    A service without one of them would look well and do half of its work. So one that fails sets `stop`: the body ends
    as it does at a signal, and then the process ends with the failure.
    """
    failures: list[BaseException] = []
    leaving = False

    async def watched(work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except BaseException as error:
            # Cancelled by nobody of ours counts, too: some driver's future was.
            if not leaving:
                name = getattr(work, "__qualname__", None)
                _log.error("work in the background failed: the process ends", work=name, exc_info=True)
                failures.append(error)
                stop.set()

    tasks = tuple(asyncio.create_task(watched(work)) for work in works)
    try:
        yield tasks
    finally:
        leaving = True
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for work in works:
            work.close()  # of a body that failed before they began
    if failures:
        raise RuntimeError("work in the background failed") from failures[0]
