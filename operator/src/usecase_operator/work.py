"""Which UseCases need a pass: marked by every watch, run by a fixed number of workers, one run per key at a time.

Marks while a key waits coalesce; a mark during its run causes exactly one more. Failures come back with a growing
pause. Knows nothing of what a pass does.
"""

import asyncio
from collections.abc import Awaitable, Callable

from usecase_operator import metrics

WORKERS = 16
LONGEST_PAUSE = 300.0


class Dirty:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._marked: set[str] = set()
        self._busy: set[str] = set()
        self._failures: dict[str, int] = {}
        self._later: dict[str, asyncio.TimerHandle] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def add(self, key: str) -> None:
        """This key needs a pass, now."""
        if key in self._marked or self._closed:
            return
        self._marked.add(key)
        if key not in self._busy:
            self._queue.put_nowait(key)
            metrics.QUEUED.set(self._queue.qsize())

    def add_later(self, key: str, seconds: float) -> None:
        """A pass after *seconds*; an earlier one that was agreed for this key stands."""
        loop = asyncio.get_running_loop()
        when = loop.time() + seconds
        known = self._later.get(key)
        if known and not known.cancelled() and loop.time() < known.when() <= when:
            return
        if known:
            known.cancel()
        self._later[key] = loop.call_at(when, self._due, key)

    def failed(self, key: str, longest: float = LONGEST_PAUSE) -> float:
        """Seconds to wait before *key* is tried again: 1, 2, 4, … up to *longest*."""
        count = self._failures[key] = min(self._failures.get(key, 0) + 1, 30)
        return float(min(longest, 2 ** (count - 1)))

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)

    def forget(self, key: str) -> None:
        """The key is gone for good."""
        self.succeeded(key)
        if later := self._later.pop(key, None):
            later.cancel()

    async def work(self, settle: Callable[[str], Awaitable[None]], may_work: Callable[[], Awaitable[None]]) -> None:
        """One worker, for ever. *may_work* waits until this process leads: until then the queue fills."""
        while True:
            await may_work()
            key = await self._queue.get()
            if self._closed:
                return
            metrics.QUEUED.set(self._queue.qsize())
            self._marked.discard(key)
            self._busy.add(key)
            self._idle.clear()
            try:
                await settle(key)
            finally:
                self._busy.discard(key)
                if key in self._marked and not self._closed:
                    self._queue.put_nowait(key)
                if not self._busy:
                    self._idle.set()

    def close(self) -> None:
        """Begin no more passes; what was not done is found again at the next start."""
        self._closed = True
        for each in self._later.values():
            each.cancel()

    async def drained(self) -> None:
        """Until no pass is running."""
        await self._idle.wait()

    def _due(self, key: str) -> None:
        self._later.pop(key, None)
        self.add(key)
