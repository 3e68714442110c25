"""Composition of the bot: settings → Telegram, broker and api → poll loop and notifications, until a signal."""

import asyncio
import sys
from zoneinfo import ZoneInfo

import structlog

from usecase_bot.api import Api
from usecase_bot.connection import connection
from usecase_bot.dispatcher import dispatcher
from usecase_bot.handlers.desk import Desk
from usecase_bot.notifications import Notifier
from usecase_bot.polling import poll
from usecase_bot.settings import Settings
from usecase_bot.telegram import TelegramUnauthorizedError
from usecase_contracts.messages import parse
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, TASK_EVENTS
from usecase_http.client import http_client
from usecase_messaging.consume import consume, reading
from usecase_messaging.publish import publisher
from usecase_runtime.ops import Readiness, ops_app
from usecase_runtime.process import run_process
from usecase_runtime.server import serving, stop_signal

SERVICE = "bot"
API_SECONDS = 10
"""A person waits: shorter than what services grant each other."""
_log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; then: not ready, updates and notifications in hand finished, connections closed.

    Ready means that the poll loop turns and the consumer is registered: Telegram's outages are metrics.
    """
    stop, readiness = stop_signal(), Readiness("poll loop", "consumer")
    if settings.bot_credential is None:
        _log.warning("the api is asked without a credential: BOT_CREDENTIAL is not set and DEBUG is on")
    broker, token = settings.rabbitmq_url.get_secret_value(), settings.bot_token.get_secret_value()
    zone, grace = ZoneInfo(settings.bot_timezone), settings.stop_grace_seconds
    limit = settings.bot_notifications_max_processing_seconds
    async with (
        serving(ops_app(readiness, metrics=settings.enable_metrics), settings.metrics_port, host=str(settings.host)),
        http_client(str(settings.api_service_url), settings.bot_credential, seconds=API_SECONDS) as client,
        publisher(broker, SERVICE, (TASK_EVENTS,)) as to_broker,
        connection(token, str(settings.bot_api_server), limit) as bot,
    ):
        desk = Desk(zone, to_broker, settings.max_file_size, settings.allowed_file_types)
        polling = poll(bot, dispatcher(Api(client), desk), settings.bot_username, stop, grace)
        consuming = consume(
            broker,
            BOT_NOTIFICATIONS_QUEUE,
            reading(parse, Notifier(bot, zone)),
            readiness=readiness,
            stop=stop,
            prefetch=settings.bot_notifications_prefetch,
            max_tries=settings.bot_notifications_max_tries,
            seconds=limit,
            grace=grace,
        )
        working = [asyncio.create_task(polling), asyncio.create_task(consuming)]
        readiness.up("poll loop")
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({*working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        # Whichever of the two ended by itself broke: the other one finishes, and the process says why it ends.
        readiness.down("process", "stopping")
        stop.set()
        await asyncio.wait(working)
        for ended in working:
            ended.result()


def main() -> None:
    """The process."""
    try:
        run_process(SERVICE, Settings, run)
    except TelegramUnauthorizedError:
        print("BOT_TOKEN: Telegram does not know this token: take the one that @BotFather shows", file=sys.stderr)
        raise SystemExit(2) from None
