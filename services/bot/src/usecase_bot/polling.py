"""The poll loop: updates from Telegram, handled in the order of each chat, confirmed once they are handled.

An update is confirmed by asking for the next one, so a bot that is killed gets again what it had not finished: a text
is never lost, and may become two tasks in that moment (a long one if Telegram went away before it took the
confirmation). What takes longer than `HOLD_SECONDS` is confirmed all the same:
one slow chat must not hold up the others. aiogram's own loop confirms before it handles, knows no order, and dies when
Telegram is away at the start.
"""

import asyncio
from collections.abc import Sequence

import structlog

from usecase_bot.connection import REQUEST_SECONDS, introduce
from usecase_bot.requests import request_of
from usecase_bot.telegram import (
    AiogramError,
    Bot,
    ClientDecodeError,
    Dispatcher,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
    Update,
)
from usecase_bot.turns import Turns
from usecase_runtime.context import request_id
from usecase_runtime.errors import Unavailable
from usecase_runtime.server import unless
from usecase_runtime.tracing import span

POLL_SECONDS = 25
HOLD_SECONDS = 5.0
MOST_IN_HAND = 1000
BATCH = 100
LONGEST_WAIT_SECONDS = 3.0
KINDS = ["message", "callback_query"]
_log = structlog.get_logger()


async def poll(bot: Bot, dispatcher: Dispatcher, name: str | None, stop: asyncio.Event, grace: float) -> None:
    """Until `stop`; then what was begun is finished, for up to `grace` seconds. Raises TelegramUnauthorizedError when
    the token is good for nothing; everything else is waited out.
    """
    loop = _Loop(bot, dispatcher, name)
    wait = 0.1
    while not stop.is_set():
        try:
            await unless(stop, loop.turn())
            wait = 0.1
        except TelegramUnauthorizedError:
            raise
        except (AiogramError, Unavailable) as error:
            wait = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else wait
            _log.warning("polling failed", reason=_told(error), again_in=wait)
            await unless(stop, asyncio.sleep(wait))
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)
    await loop.finish(grace)


class _Loop:
    def __init__(self, bot: Bot, dispatcher: Dispatcher, name: str | None) -> None:
        self._bot, self._dispatcher, self._name = bot, dispatcher, name
        self._introduced = False
        self._next: int | None = None
        self._confirmed = 0
        self._unfinished = set[int]()
        self._batch = BATCH
        self._turns = Turns()

    async def turn(self) -> None:
        """Ask once and handle what came."""
        if not self._introduced:
            await introduce(self._bot, self._name)
            self._introduced = True
        updates = await self._ask(POLL_SECONDS)
        self._unfinished |= {update.update_id for update in updates}
        working = {self._turns.take(_chat(update), self._handle(update)) for update in updates}
        if working:
            self._next = updates[-1].update_id + 1
            await asyncio.wait(working, timeout=HOLD_SECONDS)
        while len(self._turns.in_hand) > MOST_IN_HAND:
            await asyncio.wait(self._turns.in_hand, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self, grace: float) -> None:
        """Finish what was begun, and confirm it, up to the first that is not finished in time: from there on all comes
        again to the next process, but for what a slow chat has in hand since an earlier batch.
        """
        if self._turns.in_hand:
            await asyncio.wait(self._turns.in_hand, timeout=grace)
        if self._next is None:
            return
        upto = min([number for number in self._unfinished if number >= self._confirmed], default=self._next)
        try:
            await self._bot.get_updates(upto, limit=1, allowed_updates=KINDS, request_timeout=2)
        except AiogramError as error:
            _log.warning("the last updates are not confirmed and will come again", reason=str(error))

    async def _ask(self, seconds: int) -> Sequence[Update]:
        """The next updates. One that cannot be read is skipped: it would come again for ever."""
        try:
            updates = await self._bot.get_updates(
                self._next, self._batch, seconds, KINDS, request_timeout=seconds + int(REQUEST_SECONDS)
            )
        except ClientDecodeError as error:
            unread = _update_ids(error.data)
            if self._batch > 1 or not unread:
                self._batch = 1 if unread else BATCH
                raise
            _log.error("an update was skipped: it cannot be read", update_id=unread[0], reason=_told(error))
            self._next, self._batch = unread[0] + 1, BATCH
            return []
        self._batch = BATCH if not updates else self._batch
        self._confirmed = self._next or 0
        return updates

    async def _handle(self, update: Update) -> None:
        token = request_id.set(request_of(self._bot.id, update.update_id))
        try:
            with span("telegram update"):
                await self._dispatcher.feed_update(self._bot, update)
        except Exception:
            _log.exception("an update could not be handled", update_id=update.update_id)
        finally:
            self._unfinished.discard(update.update_id)
            request_id.reset(token)


def _told(error: Exception) -> str:
    """What may stand in a log: an answer that can't be read has in it what people wrote."""
    if isinstance(error, ClientDecodeError):
        return f"{type(error).__name__}: {type(error.original).__name__}"
    return f"{type(error).__name__}: {error}"[:500]


def _chat(update: Update) -> int:
    source = update.message or update.callback_query
    return source.from_user.id if source and source.from_user else 0


def _update_ids(data: object) -> list[int]:
    """Ids in an answer that could not be read as updates."""
    result = data.get("result") if isinstance(data, dict) else None
    found = [each.get("update_id") for each in result if isinstance(each, dict)] if isinstance(result, list) else []
    return [number for number in found if isinstance(number, int)]
