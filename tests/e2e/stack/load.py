"""Requests at a steady rate, whatever becomes of the ones before: half of them create a task, half of them read.

For tests that let nobody down: every answer that is not 2xx is a fault. Who may be refused for a while, because
something they need was killed, is played by `integration.services.stack.callers` instead.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle

import httpx

from integration.services.stack.callers import PATIENCE_SECONDS, Caller, register
from integration.services.stack.ledger import Ledger

USERS = 5
DUE = timedelta(hours=5)

Ask = Callable[[Caller], Awaitable[httpx.Response]]


class Load:
    """What was asked and what came back."""

    def __init__(self, api: httpx.AsyncClient, callers: list[Caller]) -> None:
        self._api, self._callers = api, callers
        self.ledger = Ledger()
        self.faults: list[str] = []
        self.seconds: list[float] = []
        self.users = [caller.user_id for caller in callers]

    async def run(self, rate: float, over: asyncio.Event) -> None:
        """One request each 1/*rate* seconds until *over*, then all answers."""
        callers, clock, begun = cycle(self._callers), asyncio.get_running_loop().time, 0
        start = clock()
        async with asyncio.TaskGroup() as asked:
            while not over.is_set():
                ask = self._create if begun % 2 else self._read
                asked.create_task(self._noted(ask, next(callers)))
                begun += 1
                await asyncio.sleep(max(0, start + begun / rate - clock()))

    async def _noted(self, ask: Ask, caller: Caller) -> None:
        before, kind = time.monotonic(), "create" if ask == self._create else "read"
        try:
            answer = await ask(caller)
        except httpx.HTTPError as error:
            self.faults.append(f"{datetime.now(UTC):%H:%M:%S.%f} {kind}: {error!r}")
        else:
            if not answer.is_success:
                self.faults.append(f"{datetime.now(UTC):%H:%M:%S.%f} {kind}: {answer.status_code} {answer.text[:200]}")
        self.seconds.append(time.monotonic() - before)

    async def _create(self, caller: Caller) -> httpx.Response:
        title = self.ledger.ask()
        answer = await caller.create(title=title, due_date=(datetime.now(UTC) + DUE).isoformat())
        if answer.status_code == 201:
            self.ledger.acknowledge(title, answer.json()["id"])
        return answer

    async def _read(self, caller: Caller) -> httpx.Response:
        headers = {"authorization": f"Bearer {caller.token}"}
        return await self._api.get("/api/v1/tasks", params={"per_page": 5}, headers=headers)

    def told(self) -> str:
        """How it was, in a line."""
        ordered = sorted(self.seconds)
        p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
        return (
            f"{len(ordered)} requests, {len(self.ledger.acknowledged)} creates acknowledged, "
            f"{len(self.faults)} faults, "
            f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, slowest {ordered[-1]:.1f} s"
        )


@asynccontextmanager
async def loaded(url: str, rate: float) -> AsyncIterator[Load]:
    """Load while the body runs."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, limits=limits, trust_env=False) as api:
        load, over = Load(api, [await register(api) for _ in range(USERS)]), asyncio.Event()
        async with asyncio.TaskGroup() as running:
            running.create_task(load.run(rate, over))
            try:
                yield load
            finally:
                over.set()
