"""The life of a service's process, the same for all six: settings, logs, traces, then its own `run` until it ends."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

from usecase_runtime.logs import configure_logs
from usecase_runtime.settings import RuntimeSettings, load, otlp_endpoint
from usecase_runtime.tracing import configure_tracing

S = TypeVar("S", bound=RuntimeSettings)


def run_process(service: str, settings_type: type[S], run: Callable[[S], Coroutine[Any, Any, None]]) -> None:
    """Run `run` with the settings that env gives; bad ones end the process with 2. Traces are sent before it ends."""
    settings = load(settings_type)
    configure_logs(service, settings.log_level)
    flush = configure_tracing(service, otlp_endpoint(settings), settings.otel_traces_sampler_arg)
    try:
        uvloop.run(run(settings))
    finally:
        flush()
