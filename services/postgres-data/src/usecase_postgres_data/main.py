"""Composition of postgres-data: settings → schema → pool → HTTP and relay, until a signal."""

import asyncio
from functools import partial

import structlog

from usecase_contracts.topology import EXCHANGES
from usecase_http.farewell import serving_peers
from usecase_messaging.publish import publisher
from usecase_postgres_data import migrations, relay
from usecase_postgres_data.app import SERVICE, build, serve
from usecase_postgres_data.database import Pool, open_pool
from usecase_postgres_data.housekeeping import keep_house
from usecase_postgres_data.lateness import watch_reminders
from usecase_postgres_data.settings import Settings
from usecase_runtime.ops import Readiness, ops_app
from usecase_runtime.process import background, run_process
from usecase_runtime.server import serving, stop_signal, unless

_log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then: not ready, requests drained, batch in hand relayed, connections
    closed.
    """
    stop, relaying = stop_signal(), asyncio.Event()
    dsn, broker = settings.database_url.get_secret_value(), settings.rabbitmq_url.get_secret_value()
    host, grace = str(settings.host), settings.stop_grace_seconds
    readiness = Readiness("process")
    if settings.internal_token is None:
        _log.warning("open to everybody: INTERNAL_TOKEN is not set and DEBUG is on")
    async with serving(ops_app(readiness, metrics=settings.enable_metrics), settings.metrics_port, host=host):
        pool = await unless(stop, _prepared(dsn, settings.connection_pool_size))
        if pool is None:
            return
        readiness.probe("postgres", partial(migrations.require_head, pool))
        app = build(pool, settings.max_tasks_per_page)
        async with (
            pool,
            publisher(broker, SERVICE, EXCHANGES) as to_broker,
            background(
                stop,
                relay.relay(dsn, to_broker, relaying),
                relay.watch_age(pool),
                watch_reminders(pool),
                keep_house(pool),
            ) as (relay_task, *_),
        ):
            async with serving_peers(serve(app, settings), settings.port, host=host, grace=grace):
                readiness.up("process")
                await stop.wait()
                readiness.down("process", "stopping")
            relaying.set()
            await asyncio.wait({relay_task}, timeout=relay.BACKSTOP_SECONDS * 2)


async def _prepared(dsn: str, connections: int) -> Pool:
    await migrations.migrate(dsn)
    return await open_pool(dsn, connections)


def main() -> None:
    """The process."""
    run_process(SERVICE, Settings, run)
