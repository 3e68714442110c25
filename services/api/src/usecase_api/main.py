"""Composition of the api: settings → data services and Redis → HTTP, until a signal."""

import asyncio
import secrets
from datetime import timedelta

import structlog

from usecase_api.app import SERVICE, build, serve
from usecase_api.passwords import Passwords
from usecase_api.routes.parameters import Parts
from usecase_api.sessions import Sessions
from usecase_api.settings import Settings
from usecase_api.store import analytics
from usecase_api.store.cache import Cache
from usecase_api.store.giving_up import GivingUp
from usecase_api.store.peer import Peer
from usecase_api.store.shared import Shared, open_shared
from usecase_api.store.tasks import Tasks
from usecase_api.store.throttle import Throttle
from usecase_api.store.users import Users
from usecase_api.tokens import AccessTokens
from usecase_http.client import Client, http_client
from usecase_http.farewell import serving_peers
from usecase_runtime.errors import NotFound, Refused, Unavailable
from usecase_runtime.ops import Readiness, ops_app
from usecase_runtime.process import background, run_process
from usecase_runtime.server import serving, stop_signal

CONNECTIONS, CALL_SECONDS = 100, 30.0
FIRST_CONTACT_SECONDS = 0.5
SERVING_SHARE = 0.75
"""Of the grace at the end: the rest is for giving up what was cut off then."""
_log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then: not ready, requests drained, creates given up, connections closed.

    All of the end shares one grace: the pod is killed soon after it, and the creates of requests that were cut off are
    the last to be given up.
    """
    clock = asyncio.get_running_loop().time
    host, grace = str(settings.host), settings.stop_grace_seconds
    stop, readiness = stop_signal(), Readiness("process", "postgres-data")
    tokens = AccessTokens(_key(settings), settings.access_token_expire_minutes * 60)
    async with (
        serving(ops_app(readiness, metrics=settings.enable_metrics), settings.metrics_port, host=host),
        http_client(
            str(settings.database_service_url), settings.internal_token, connections=CONNECTIONS, seconds=CALL_SECONDS
        ) as postgres,
        http_client(
            str(settings.analytics_service_url),
            settings.internal_token,
            connections=CONNECTIONS,
            seconds=analytics.PATIENCE_SECONDS,
        ) as mongo,
        open_shared(settings.redis_url.get_secret_value()) as shared,
    ):
        giving_up = GivingUp(postgres)
        parts = _parts(settings, tokens, postgres, mongo, shared, giving_up)
        app = serve(build(parts), tokens, settings)
        async with background(stop, first_contact(postgres, readiness)):
            async with serving_peers(app, settings.port, host=host, grace=grace * SERVING_SHARE):
                readiness.up("process")
                await stop.wait()
                readiness.down("process", "stopping")
                ends = clock() + grace
            await giving_up.close(ends - clock())


def _parts(
    settings: Settings, tokens: AccessTokens, postgres: Client, mongo: Client, shared: Shared, giving_up: GivingUp
) -> Parts:
    postgres_data = Peer("postgres-data", postgres)
    throttle = Throttle(
        shared,
        per_name=settings.login_attempts_per_name,
        per_address=settings.login_attempts_per_address,
        registrations_per_address=settings.registrations_per_address,
        seconds=settings.login_window_seconds,
    )
    lifetime = timedelta(days=settings.refresh_token_expire_days)
    return Parts(
        tasks=Tasks(postgres_data, Cache(shared), giving_up),
        analytics=analytics.Analytics(Peer("mongo-data", mongo)),
        sessions=Sessions(Users(postgres_data), tokens, Passwords(), throttle, lifetime),
        max_tasks_per_page=settings.max_tasks_per_page,
    )


async def first_contact(postgres: Client, readiness: Readiness) -> None:
    """Ready once postgres-data has answered us, and from then on: later outages we answer ourselves (design §5)."""
    while True:
        try:
            await postgres.call("GET", "/users/1")
        except (Unavailable, Refused) as error:
            readiness.down("postgres-data", str(error))
            await asyncio.sleep(FIRST_CONTACT_SECONDS)
        except NotFound:
            break
        else:
            break
    readiness.up("postgres-data")


def _key(settings: Settings) -> str:
    for name in ("INTERNAL_TOKEN", "BOT_CREDENTIAL"):
        if getattr(settings, name.lower()) is None:
            _log.warning(f"{name} is not set and DEBUG is on: nothing is asked for, or sent, in its place")
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    _log.warning("SECRET_KEY is not set and DEBUG is on: logins end with this process")
    return secrets.token_urlsafe(48)


def main() -> None:
    """The process."""
    run_process(SERVICE, Settings, run)
