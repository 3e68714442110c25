"""The one reader of a broker: whatever the broker answers, or does not, who waits for a read gets an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from usecase_operator import reasons
from usecase_operator.broker.brokers import Broker, Brokers
from usecase_operator.broker.connection import Connection
from usecase_operator.errors import Retry

EMPTY = '{"vhosts": [{"name": "v"}], "users": []}'
SILENCE = ""


@dataclass
class Reading:
    """*asked*: a question has arrived that gets no answer. *told*: the observer has said that something changed."""

    broker: Broker
    brokers: Brokers
    asked: asyncio.Event
    told: asyncio.Event


@asynccontextmanager
async def reading(*answers: str) -> AsyncIterator[Reading]:
    """A broker whose management API gives *answers* in turn, `SILENCE` being none; the last one stays."""
    asked, silent, told = 0, asyncio.Event(), asyncio.Event()

    async def serve(request: web.Request) -> web.Response:
        nonlocal asked
        if request.path != "/api/definitions":
            return web.Response(text="[]")
        answer, asked = answers[min(asked, len(answers) - 1)], asked + 1
        if answer is SILENCE:
            silent.set()
            await asyncio.Event().wait()
        return web.Response(text=answer)

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    brokers = Brokers(guard=lambda: None, changed=lambda _: told.set())
    broker = await brokers.of(Connection(f"http://127.0.0.1:{port}", "127.0.0.1", 1, "u", "p"), "v")
    yield Reading(broker, brokers, silent, told)
    await brokers.close()
    await runner.cleanup()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param("<html>", reasons.MANAGEMENT_PLUGIN_MISSING, id="no JSON"),
        pytest.param('{"vhosts": [{}]}', reasons.BROKER_UNREACHABLE, id="JSON of another shape"),
    ],
)
async def test_an_answer_that_cant_be_read_is_a_failure_and_not_the_end(
    answer: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("usecase_operator.broker.observer.DEFINITIONS_SECONDS", 0.05)
    monkeypatch.setattr("usecase_operator.broker.api.ACT_SECONDS", 0.05)
    async with reading(answer, EMPTY) as found, asyncio.timeout(5):
        with pytest.raises(Retry) as failed:
            await found.broker.observe("v", fresh=True)
        assert failed.value.reason == reason
        found.told.clear()
        await found.told.wait()
        assert (await found.broker.observe("v")).vhost


async def test_who_waits_for_a_read_is_told_when_the_connection_is_given_up() -> None:
    async with reading(SILENCE) as found, asyncio.timeout(5):
        waiting = asyncio.create_task(found.broker.observe("v", fresh=True))
        await found.asked.wait()
        await found.brokers.release("v")
        with pytest.raises(Retry):
            await waiting
