"""When due reminders are asked for: as soon as one is due, and after a while whatever is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from usecase_http.client import Client, http_client
from usecase_reminder_worker import timer
from usecase_runtime.server import Receive, Scope, Send, serving


class Database:
    """postgres-data, as far as the timer knows it: answers as it is told and remembers what it was asked."""

    def __init__(self) -> None:
        self.due = False
        self.failing = 0
        self.dispatched = [0]
        self.asked: list[str] = []
        self.changed = asyncio.Condition()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        what = scope["path"].rsplit("/", 1)[-1]
        status = 503 if self.failing else 200
        self.failing -= bool(self.failing)
        if what == "next":
            body = b'{"next_due_at": null, "due": %s}' % (b"true" if self.due else b"false")
        else:
            count = self.dispatched.pop(0) if len(self.dispatched) > 1 else self.dispatched[0]
            body = b'{"dispatched": %d, "next_due_at": null}' % count
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})
        async with self.changed:
            self.asked.append(what)
            self.changed.notify_all()

    async def until(self, *asked: str) -> None:
        """Wait until these questions were asked one after the other."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: " ".join(asked) in " ".join(self.asked))


@asynccontextmanager
async def calling(database: Database) -> AsyncIterator[Client]:
    async with (
        serving(database, 0, host="127.0.0.1", grace=1) as port,
        http_client(f"http://127.0.0.1:{port}") as client,
    ):
        yield client


@asynccontextmanager
async def keeping_time(database: Database, check_interval: int = 300) -> AsyncIterator[None]:
    async with calling(database) as client:
        running = asyncio.create_task(timer.keep_time(client, check_interval))
        yield
        assert not running.done()
        running.cancel()


async def test_it_asks_at_the_start_and_then_only_for_what_is_due() -> None:
    database = Database()
    async with keeping_time(database):
        await database.until("dispatch", "next", "next", "next")
        database.due, database.dispatched = True, [1, 0]
        await database.until("next", "dispatch", "next", "dispatch")


async def test_after_the_interval_it_asks_whatever_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 100))
    monkeypatch.setattr(timer, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    database = Database()
    async with keeping_time(database, check_interval=300):
        await database.until("dispatch", "next", "next", "dispatch")


async def test_an_outage_is_outlived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usecase_http.client.FIRST_WAIT_SECONDS", 0)
    database = Database()
    database.failing = 7
    async with keeping_time(database):
        await database.until("dispatch", "next", "next")


async def test_all_that_is_due_is_handed_over_at_once() -> None:
    database = Database()
    database.dispatched = [timer.AT_ONCE, timer.AT_ONCE, 3]
    async with calling(database) as client:
        assert await timer.dispatch(client) == 2 * timer.AT_ONCE + 3
    assert database.asked == ["dispatch"] * 3
