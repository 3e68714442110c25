"""Many callers, one statement: what arrives together is handled together, and each caller gets its own
result.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Coalescer(Generic[Item, Result]):
    """Hands waiting items to `flush`, one batch at a time; it answers a result or an exception for each, in
    order.

    A batch closes `linger` seconds after it began (0: one turn of the event loop, so that all that is already
    readable joins), or at once when `most` items wait. What `flush` raises goes to every caller of the batch.
    """

    def __init__(
        self, flush: Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]], most: int, linger: float = 0
    ) -> None:
        self._flush, self._most, self._linger = flush, most, linger
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._full = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Put `item` into the next batch and wait for its result. Cancelling the wait does not take it out."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._waiting) >= self._most:
            self._full.set()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._most:
                self._full.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._linger):
                        await (self._full.wait() if self._linger else asyncio.sleep(0))
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                results = await self._flush([item for item, _ in batch])
                if len(results) != len(batch):
                    raise RuntimeError(f"{len(results)} results for {len(batch)} items: nobody can tell whose they are")
            except Exception as error:
                results = [error] * len(batch)
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_exception(result) if isinstance(result, Exception) else future.set_result(result)
