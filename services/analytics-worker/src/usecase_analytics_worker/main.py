"""Composition of the analytics worker: settings → consumer and statistics, until a signal."""

import structlog

from usecase_analytics_worker.handlers import Analytics, read
from usecase_analytics_worker.settings import Settings
from usecase_analytics_worker.statistics import CALL_SECONDS, keep_statistics
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE
from usecase_http.client import http_client
from usecase_messaging.consume import consume, reading
from usecase_runtime.ops import Readiness, ops_app
from usecase_runtime.process import background, run_process
from usecase_runtime.server import serving, stop_signal

SERVICE = "analytics-worker"
CONNECTIONS = 10
CALLS_IN_A_TRY = 3
"""The time of one message has room for this many calls to a mongo-data that hangs: its own, and the batch before."""
_log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; then: not ready, no new message, the batch in hand stored, connections closed."""
    stop, readiness = stop_signal(), Readiness("consumer")
    limit, url = settings.task_analytics_max_processing_seconds, str(settings.analytics_service_url)
    if settings.internal_token is None:
        _log.warning("no credential for mongo-data: INTERNAL_TOKEN is not set and DEBUG is on")
    async with (
        serving(ops_app(readiness, metrics=settings.enable_metrics), settings.metrics_port, host=str(settings.host)),
        http_client(url, settings.internal_token, connections=CONNECTIONS, seconds=limit / CALLS_IN_A_TRY) as mongo,
        http_client(url, settings.internal_token, connections=1, seconds=CALL_SECONDS) as patient,
        background(
            stop, keep_statistics(patient, settings.analytics_interval_seconds, settings.min_tasks_for_analysis)
        ),
    ):
        analytics = Analytics(mongo, settings.most_in_a_batch, settings.flush_interval_seconds)
        await consume(
            settings.rabbitmq_url.get_secret_value(),
            TASK_ANALYTICS_QUEUE,
            reading(read, analytics.handle),
            readiness=readiness,
            stop=stop,
            prefetch=settings.most_in_hand,
            max_tries=settings.task_analytics_max_tries,
            seconds=limit,
            grace=settings.stop_grace_seconds,
        )


def main() -> None:
    """The process."""
    run_process(SERVICE, Settings, run)
