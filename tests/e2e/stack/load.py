"""Requests at a steady rate, whatever becomes of the ones before: half of them create a task, half of them read.

For tests that let nobody down: every answer that is not 2xx is a fault. Who may be refused for a while, because
something they need was killed, is played by `integration.services.stack.callers` instead. It asks by aiohttp: with a
hundred requests under way httpx looks through all its connections for each, and takes more of two cores than the stack.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import aiohttp
import httpx

from integration.services.stack.callers import PATIENCE_SECONDS, Caller, register
from integration.services.stack.ledger import Ledger

USERS = 5
DUE = timedelta(hours=5)
PATIENT = {
    service: {"env": [{"name": "MAX_CONCURRENT_REQUESTS", "value": "1000"}]}
    for service in ("api", "postgresData", "mongoData")
}
"""Values of the chart for a machine that starts pods and serves on the same two cores: it is slow meanwhile, and a full
queue says so with 503, which is right and not what is asked then.
"""

# What one of them does; the answer's status and body.
Ask = Callable[[Caller], Awaitable[tuple[int, bytes]]]


class Load:
    """What was asked and what came back."""

    def __init__(self, api: aiohttp.ClientSession, callers: list[Caller]) -> None:
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
            status, body = await ask(caller)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.faults.append(f"{datetime.now(UTC):%H:%M:%S.%f} {kind}: {error!r}")
        else:
            if status // 100 != 2:
                self.faults.append(f"{datetime.now(UTC):%H:%M:%S.%f} {kind}: {status} {body[:200].decode()}")
        self.seconds.append(time.monotonic() - before)

    async def _create(self, caller: Caller) -> tuple[int, bytes]:
        title = self.ledger.ask()
        due = (datetime.now(UTC) + DUE).isoformat()
        status, body = await self._ask(caller, "POST", json={"title": title, "due_date": due})
        if status == 201:
            self.ledger.acknowledge(title, json.loads(body)["id"])
        return status, body

    async def _read(self, caller: Caller) -> tuple[int, bytes]:
        return await self._ask(caller, "GET", params={"per_page": 5})

    async def _ask(self, caller: Caller, method: str, **more: Any) -> tuple[int, bytes]:
        headers = {"authorization": f"Bearer {caller.token}"}
        async with self._api.request(method, "/api/v1/tasks", headers=headers, **more) as answer:
            return answer.status, await answer.read()

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
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        callers = [await register(api) for _ in range(USERS)]
    connections, timeout = aiohttp.TCPConnector(limit=200), aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(url, connector=connections, timeout=timeout) as session:
        load, over = Load(session, callers), asyncio.Event()
        async with asyncio.TaskGroup() as running:
            running.create_task(load.run(rate, over))
            try:
                yield load
            finally:
                over.set()
