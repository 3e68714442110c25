"""One reader per broker, for all UseCases on it: the definitions every few seconds, queue counts less often.

Tells *changed* which vhosts are no longer what they were; `fresh` gives a reader who has just written the
state after his write, one read for everybody who waits. Broker requests a minute depend on the two intervals
alone.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson

from usecase_operator import reasons
from usecase_operator.backlog import Count
from usecase_operator.broker.api import Api
from usecase_operator.errors import Retry
from usecase_operator.topology.objects import Topology
from usecase_operator.topology.observed import observed, slices

DEFINITIONS_SECONDS = 5.0
# Between two questions to a broker that does not answer: 1, 2, 4, … up to this.
LONGEST_PAUSE = 15.0
COUNTS_SECONDS = 15.0
COUNTS = "queues?columns=name,vhost,messages,consumers"

log = logging.getLogger(__name__)


def pause_after(failures: int) -> float:
    """Seconds until a broker that has not answered *failures* times in a row, one at least, is asked again."""
    return float(min(LONGEST_PAUSE, 2 ** (failures - 1)))


class Observer:
    def __init__(self, api: Api, changed: Callable[[str], None]) -> None:
        self._api = api
        self._changed = changed
        self._watched: dict[str, bytes | None] = {}
        self._counts: dict[str, dict[str, Count]] = {}
        self._counted_at = float("-inf")
        self._failure: Retry | None = None
        self._failures = 0
        self._unread: set[str] = set()
        self._wake = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._served: list[asyncio.Future[None]] = []
        self._counting: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._run(), name=f"broker observer {api.connection.management}")

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        if self._counting:
            self._counting.cancel()
            with suppress(asyncio.CancelledError):
                await self._counting
        # Not cancelled: that would look like the end of the process to the pass that waits.
        closed = Retry(reasons.BROKER_UNREACHABLE, "the connection to the broker was given up", after=1)
        for waiter in (*self._served, *self._waiting):
            if not waiter.done():
                waiter.set_exception(closed)

    def watch(self, vhost: str) -> None:
        """Keep *vhost* from now on and report its changes."""
        if vhost not in self._watched:
            self._watched[vhost] = None
            self._unread.add(vhost)

    def forget(self, vhost: str) -> None:
        self._watched.pop(vhost, None)
        self._unread.discard(vhost)
        self._counts.pop(vhost, None)

    async def topology(self, vhost: str, *, fresh: bool = False) -> Topology:
        """What *vhost* holds; with *fresh*, read after this call. Raises `Retry` while the broker can't be read."""
        self.watch(vhost)
        if self._failure:
            raise self._failure  # the loop below keeps trying, and tells when it succeeds
        if fresh or vhost in self._unread:
            await self._fresh()
        part = self._watched[vhost]
        return observed(orjson.loads(part)) if part else Topology()

    def counts(self, vhost: str) -> Mapping[str, Count]:
        """The last counts of the queues in *vhost*; empty before the first."""
        return self._counts.get(vhost, {})

    async def _fresh(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._wake.set()
        await waiter

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            self._wake.clear()
            self._served, self._waiting = self._waiting, []
            try:
                await self._read()
            except Retry as failure:
                self._failed(failure)
            except Exception as error:  # an observer that ends would leave everybody waiting for ever
                self._failed(self._nonsense(error))
            else:
                self._recovered()
            for waiter in self._served:
                if not waiter.done():
                    waiter.set_exception(self._failure) if self._failure else waiter.set_result(None)

    def _nonsense(self, error: Exception) -> Retry:
        where = self._api.connection.management
        log.warning("an answer of the broker can't be read", exc_info=error)
        return Retry(
            reasons.BROKER_UNREACHABLE,
            f"RabbitMQ at {where} answers what can't be read ({type(error).__name__}: {error}); trying again",
        )

    def _pause(self) -> float:
        if self._failure is None:
            return DEFINITIONS_SECONDS
        return self._failure.after or pause_after(self._failures)

    async def _read(self) -> None:
        found = slices(await self._api.get("definitions"))
        if (self._counting is None or self._counting.done()) and time.monotonic() - self._counted_at >= COUNTS_SECONDS:
            self._counting = asyncio.create_task(self._try_to_count(), name="broker counts")
        for vhost, before in list(self._watched.items()):
            part = found.get(vhost)
            after = orjson.dumps(part, option=orjson.OPT_SORT_KEYS) if part else None
            self._watched[vhost] = after
            if vhost in self._unread:
                self._unread.discard(vhost)  # who began to watch it waits for this, and needs no word
            elif after != before:
                self._changed(vhost)

    async def _try_to_count(self) -> None:
        """Numbers are asked of the whole broker, and may be slow: what is declared does not wait for them."""
        self._counted_at = time.monotonic()
        try:
            self._count(await self._api.get(COUNTS))
        except Retry as failure:
            log.info("the broker does not count its queues", extra={"detail": failure.message})
        except Exception as error:
            self._nonsense(error)

    def _count(self, queues: list[dict[str, Any]]) -> None:
        counts: dict[str, dict[str, Count]] = {vhost: {} for vhost in self._watched}
        for each in queues:
            if each["vhost"] in counts:
                counts[each["vhost"]][each["name"]] = Count(each.get("messages"), each.get("consumers"))
        changed = [vhost for vhost, found in counts.items() if found != self._counts.get(vhost, {})]
        self._counts = counts
        for vhost in changed:
            self._changed(vhost)

    def _failed(self, failure: Retry) -> None:
        if self._failure is None:
            log.warning("the broker can't be read", extra={"reason": failure.reason, "detail": failure.message})
        told = self._failure is not None and self._failure.reason == failure.reason
        self._failure, self._failures = failure, min(self._failures + 1, 10)
        if not told:
            self._tell_all()

    def _recovered(self) -> None:
        if self._failure is not None:
            self._failure, self._failures = None, 0
            self._tell_all()

    def _tell_all(self) -> None:
        for vhost in self._watched:
            self._changed(vhost)
