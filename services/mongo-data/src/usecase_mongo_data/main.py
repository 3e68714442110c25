"""Composition of mongo-data: settings → indexes → HTTP, until a signal."""

import asyncio

import structlog

from usecase_http.farewell import serving_peers
from usecase_mongo_data.app import SERVICE, build, serve
from usecase_mongo_data.settings import Settings
from usecase_mongo_data.store import Store, Unreachable, open_store
from usecase_runtime.ops import Readiness, ops_app
from usecase_runtime.process import run_process
from usecase_runtime.server import serving, stop_signal, unless

_log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then: not ready, requests drained, connections closed."""
    stop, readiness = stop_signal(), Readiness("process")
    if settings.internal_token is None:
        _log.warning("open to everybody: INTERNAL_TOKEN is not set and DEBUG is on")
    host, url = str(settings.host), settings.mongodb_url.get_secret_value()
    connections, days = settings.connection_pool_size, settings.retention_days
    async with (
        serving(ops_app(readiness, metrics=settings.enable_metrics), settings.metrics_port, host=host),
        open_store(url, connections=connections, retention_days=days) as store,
    ):
        readiness.probe("mongodb", store.ping)
        await unless(stop, _prepared(store))
        if stop.is_set():
            return
        app = serve(build(store), settings)
        async with serving_peers(app, settings.port, host=host, grace=settings.stop_grace_seconds):
            readiness.up("process")
            await stop.wait()
            readiness.down("process", "stopping")


async def _prepared(store: Store) -> None:
    """Make the indexes, as soon as MongoDB answers."""
    while True:
        try:
            return await store.prepare()
        except Unreachable as error:
            _log.warning("waiting for MongoDB", reason=str(error))
        await asyncio.sleep(0.5)


def main() -> None:
    """The process."""
    run_process(SERVICE, Settings, run)
