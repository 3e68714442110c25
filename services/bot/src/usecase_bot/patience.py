"""How the bot waits for Telegram: a 429 pauses everything that is sent, an outage is waited out. Used by every call.

A request middleware of aiogram. After a while it gives up with TelegramAway: an answer to a chat is then lost, a
notification goes back to its queue, uncounted. Long polling waits for itself (`polling`).
"""

import asyncio
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from usecase_bot.telegram import (
    AiogramError,
    Bot,
    ClientDecodeError,
    TelegramMethod,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from usecase_runtime.errors import Unavailable

REQUESTS = Counter("telegram_requests", "Calls of the Bot API", ["method", "outcome"])
REACHABLE = Gauge("telegram_reachable", "1 while the last call of the Bot API was answered")
OUTAGE = (TelegramNetworkError, TelegramServerError, ClientDecodeError)
"""Nobody there, broken, or something that is not Telegram answers in its place."""
FIRST_WAIT_SECONDS = 0.5
POLLING = "getUpdates"
_log = structlog.get_logger()


class TelegramAway(Unavailable):
    """Telegram could not be reached, or wanted a longer pause than anybody waits for."""


class Patience:
    """One for each bot: a pause holds for all that it sends. A call waits for up to `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._paused_until = seconds, 0.0

    async def __call__(self, make_request: Any, bot: Bot, method: TelegramMethod[Any]) -> Any:
        if method.__api_method__ == POLLING:
            return await _counted(make_request, bot, method)
        now = asyncio.get_running_loop().time
        gives_up, wait = now() + self._seconds, FIRST_WAIT_SECONDS
        while True:
            while (left := min(self._paused_until, gives_up) - now()) > 0:  # noqa: ASYNC110 - it may grow meanwhile
                await asyncio.sleep(left)
            if self._paused_until > now():
                raise TelegramAway(f"Telegram asked for {self._paused_until - now():.0f} more seconds of silence")
            try:
                return await _counted(make_request, bot, method)
            except TelegramRetryAfter as error:
                self._paused_until = max(self._paused_until, now() + error.retry_after)
                _log.warning("Telegram asks for a pause", seconds=error.retry_after, method=method.__api_method__)
            except OUTAGE as error:
                if now() + wait > gives_up:
                    raise TelegramAway(f"Telegram: {type(error).__name__}: {error}") from error
                await asyncio.sleep(wait)
                wait *= 2


async def _counted(make_request: Any, bot: Bot, method: TelegramMethod[Any]) -> Any:
    """The call, counted by its outcome; whoever says no is reachable."""
    try:
        answer = await make_request(bot, method)
    except AiogramError as error:
        paused = isinstance(error, TelegramRetryAfter)
        _count(method, "paused" if paused else "unreachable" if isinstance(error, OUTAGE) else "refused")
        raise
    _count(method, "ok")
    return answer


def _count(method: TelegramMethod[Any], outcome: str) -> None:
    REQUESTS.labels(method.__api_method__, outcome).inc()
    REACHABLE.set(outcome != "unreachable")
