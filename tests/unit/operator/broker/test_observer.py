"""The one reader of a broker: whatever the broker answers, or does not, who waits for a read gets an answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web

from usecase_operator import reasons
from usecase_operator.broker.brokers import Broker, Brokers
from usecase_operator.broker.connection import Connection
from usecase_operator.broker.observer import pause_after
from usecase_operator.errors import Retry

EMPTY = '{"vhosts": [{"name": "v"}], "users": []}'
SILENCE = ""
NOBODY = Connection("", "127.0.0.1", 1, "u", "p")


@dataclass
class Reading:
    """*asked*: a question has arrived that gets no answer. *told*: the observer has said that *changes* were seen."""

    broker: Broker
    brokers: Brokers
    asked: asyncio.Event
    told: asyncio.Event
    changes: list[str] = field(default_factory=list)


@asynccontextmanager
async def reading(*answers: str | int, counts: int = 200) -> AsyncIterator[Reading]:
    """A broker whose management API gives *answers* in turn, the last for ever: `SILENCE` is none, a number a status.

    *counts*: the status code with which it answers how many messages its queues hold.
    """
    asked, silent, told = 0, asyncio.Event(), asyncio.Event()

    async def serve(request: web.Request) -> web.Response:
        nonlocal asked
        if request.path != "/api/definitions":
            return web.Response(text="[]", status=counts)
        answer, asked = answers[min(asked, len(answers) - 1)], asked + 1
        if answer is SILENCE:
            silent.set()
            await asyncio.Event().wait()
        return web.Response(text=answer) if isinstance(answer, str) else web.Response(status=answer)

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    changes: list[str] = []

    def changed(vhost: str) -> None:
        changes.append(vhost)
        told.set()

    brokers = Brokers(guard=lambda: None, changed=changed)
    broker = await brokers.of(replace(NOBODY, management=f"http://127.0.0.1:{port}"), "v")
    yield Reading(broker, brokers, silent, told, changes)
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


async def test_a_broker_that_cant_count_is_declared_to_all_the_same() -> None:
    async with reading(EMPTY, counts=500) as found, asyncio.timeout(5):
        assert (await found.broker.observe("v")).vhost
        assert found.broker.counts("v") == {}


async def test_a_change_that_is_seen_when_another_vhost_comes_is_told() -> None:
    damaged = '{"vhosts": [{"name": "v", "tags": ["theirs"]}, {"name": "w"}], "users": []}'
    async with reading(EMPTY, damaged) as found, asyncio.timeout(5):
        await found.broker.observe("v")
        await found.brokers.of(found.broker.api.connection, "w")
        assert (await found.broker.observe("w")).vhost
        assert found.changes == ["v"]


async def test_a_proxy_that_asks_for_patience_is_asked_again_soon() -> None:
    async with reading(429, EMPTY) as found, asyncio.timeout(10):
        with pytest.raises(Retry) as refused:
            await found.broker.observe("v")
        assert (refused.value.reason, refused.value.after) == (reasons.BROKER_UNREACHABLE, None)
        found.told.clear()
        await found.told.wait()
        assert (await found.broker.observe("v")).vhost


def test_a_broker_that_is_away_is_asked_less_and_less() -> None:
    assert [pause_after(failures) for failures in range(1, 7)] == [1, 2, 4, 8, 15, 15]
