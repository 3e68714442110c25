"""Composition of the reminder worker: settings → consumer and timer, until a signal."""

import structlog

from usecase_contracts.messages import parse
from usecase_contracts.topology import TASK_REMINDERS_QUEUE
from usecase_http.client import http_client
from usecase_messaging.consume import consume, reading
from usecase_reminder_worker.handlers import Reminders
from usecase_reminder_worker.settings import Settings
from usecase_reminder_worker.timer import keep_time
from usecase_runtime.ops import Readiness, ops_app
from usecase_runtime.process import background, run_process
from usecase_runtime.server import serving, stop_signal

SERVICE = "reminder-worker"
CALLS_IN_A_TRY = 3
"""The time of one message has room for this many calls to a postgres-data that hangs."""
_log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; then: not ready, no new message, those in hand finished, connections closed."""
    stop, readiness = stop_signal(), Readiness("consumer")
    limit, url = settings.task_reminders_max_processing_seconds, str(settings.database_service_url)
    if settings.internal_token is None:
        _log.warning("no credential for postgres-data: INTERNAL_TOKEN is not set and DEBUG is on")
    async with (
        serving(ops_app(readiness, metrics=settings.enable_metrics), settings.metrics_port, host=str(settings.host)),
        http_client(url, settings.internal_token, seconds=limit / CALLS_IN_A_TRY) as database,
        http_client(url, settings.internal_token) as clock,
        background(stop, keep_time(clock, settings.check_interval_seconds)),
    ):
        await consume(
            settings.rabbitmq_url.get_secret_value(),
            TASK_REMINDERS_QUEUE,
            reading(parse, Reminders(database).handle),
            readiness=readiness,
            stop=stop,
            prefetch=settings.task_reminders_prefetch,
            max_tries=settings.task_reminders_max_tries,
            seconds=limit,
            grace=settings.stop_grace_seconds,
        )


def main() -> None:
    """The process."""
    run_process(SERVICE, Settings, run)
