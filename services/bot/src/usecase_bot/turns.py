"""Work for many chats at once, for each chat in order. Knows nothing of Telegram."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Turns:
    """Each chat's work waits for the chat's work before it."""

    def __init__(self) -> None:
        self._last: dict[int, asyncio.Task[None]] = {}
        self.in_hand: set[asyncio.Task[None]] = set()

    def take(self, chat: int, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Do `work` when it is the turn of it. `work` must not raise."""
        task = asyncio.create_task(_after(self._last.get(chat), work))
        self._last[chat] = task
        self.in_hand.add(task)
        task.add_done_callback(lambda done: self._forget(chat, done))
        return task

    def _forget(self, chat: int, done: asyncio.Task[None]) -> None:
        self.in_hand.discard(done)
        if self._last.get(chat) is done:
            del self._last[chat]


async def _after(before: asyncio.Task[None] | None, work: Coroutine[Any, Any, object]) -> None:
    if before is not None:
        await asyncio.wait({before})
    await work
