"""May a queue go? Unknown is not zero, and messages keep the way back that they need."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from usecase_operator.broker.api import Api
from usecase_operator.broker.connection import Connection
from usecase_operator.broker.emptiness import DOUBT_SECONDS, Asked, Kept, Looks, in_use, kept_queues, together


@pytest.mark.parametrize(
    ("messages", "consumers", "kept"),
    [
        pytest.param(None, None, Kept("q", "its messages are not counted yet", known=False), id="no statistics"),
        pytest.param(3, 0, Kept("q", "it holds 3 messages"), id="messages"),
        pytest.param(0, 2, Kept("q", "it has 2 consumers", known=False, consumed=True), id="consumers"),
    ],
)
def test_a_queue_in_use_stays(messages: int | None, consumers: int | None, kept: Kept) -> None:
    assert in_use({"name": "q", "messages": messages, "consumers": consumers}) == kept


def test_an_empty_queue_may_go() -> None:
    assert in_use({"name": "q", "messages": 0, "consumers": 0}) is None


@pytest.mark.parametrize(
    ("full", "stay"),
    [
        pytest.param("q", ["q", "q.dlq", "q.retry"], id="the queue"),
        pytest.param("q.retry", ["q", "q.dlq", "q.retry"], id="its retries"),
        pytest.param("q.dlq", ["q.dlq"], id="its dead letters"),
    ],
)
def test_what_is_kept_keeps_the_way_its_messages_take(full: str, stay: list[str]) -> None:
    kept = together(["q", "q.retry", "q.dlq", "other"], {full: Kept(full, "it holds 1 messages")})
    assert [each.queue for each in kept] == stay


async def test_a_queue_that_never_answers_is_unknown_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usecase_operator.broker.api.WRITE_SECONDS", 0.05)
    statistics = [{"name": "full", "messages": 0, "consumers": 0}, {"name": "mute"}, {"name": "new"}]

    async def serve(request: web.Request) -> web.Response:
        if request.path.endswith("/mute/get"):
            await asyncio.Event().wait()
        held = [{"payload": "x"}] if request.path.endswith("/full/get") else []
        return web.json_response(held if request.method == "POST" else statistics)

    async with management(serve) as api:
        kept = await kept_queues(api, "v", ["mute", "full", "new"], Looks())
    assert {each.queue: (each.why, each.known) for each in kept} == {
        "full": ("it holds messages", True),
        "mute": ("it does not answer", False),
        "new": ("its messages are not counted yet", False),
    }


async def test_a_queue_that_did_not_answer_is_not_taken_for_empty_by_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The question that was left still holds the message, and the statistics are from before it came."""
    monkeypatch.setattr("usecase_operator.broker.api.WRITE_SECONDS", 0.05)
    asked = 0

    async def serve(request: web.Request) -> web.Response:
        nonlocal asked
        if request.method == "GET":
            return web.json_response([{"name": "q", "messages": 0, "consumers": 0}])
        asked += 1
        if asked == 1:
            await asyncio.Event().wait()
        return web.json_response([])

    looks = Looks()
    async with management(serve) as api:
        (first,) = await kept_queues(api, "v", ["q"], looks)
        (second,) = await kept_queues(api, "v", ["q"], looks)
        assert (first.known, second.known) == (False, False)
        looks.in_vain["v", "q"] -= DOUBT_SECONDS
        assert await kept_queues(api, "v", ["q"], looks) == []


async def test_a_queue_into_which_nobody_may_look_goes_when_zero_was_counted_after_the_question() -> None:
    """RabbitMQ refuses basic.get on a queue with a single active consumer."""
    statistics = {"name": "q", "messages": 0, "consumers": 0, "arguments": {"x-single-active-consumer": True}}

    async def serve(request: web.Request) -> web.Response:
        assert request.method == "GET"
        return web.json_response([statistics])

    looks = Looks()
    async with management(serve) as api:
        (first,) = await kept_queues(api, "v", ["q"], looks)
        assert (first.known, first.lasting) == (False, False)
        looks.asked["v", "q"].empty = time.monotonic() - DOUBT_SECONDS - 1
        assert await kept_queues(api, "v", ["q"], looks) == []


async def test_zero_is_not_believed_while_its_retries_are_on_their_way() -> None:
    single = {"messages": 0, "consumers": 0, "arguments": {"x-single-active-consumer": True}}
    statistics: list[dict[str, Any]] = [{"name": "q", **single}, {"name": "q.retry", "messages": 1, "consumers": 0}]

    async def serve(request: web.Request) -> web.Response:
        return web.json_response(statistics if request.method == "GET" else [])

    looks = Looks()
    async with management(serve) as api:
        await kept_queues(api, "v", ["q", "q.retry"], looks)
        assert looks.asked["v", "q"].empty is None
        statistics[1]["messages"] = 0
        kept = await kept_queues(api, "v", ["q", "q.retry"], looks)
    assert {each.queue for each in kept} == {"q", "q.retry"}, "counted, perhaps, while a message was between the two"


async def test_a_zero_from_before_a_message_came_counts_for_nothing() -> None:
    statistics = {"name": "q", "messages": 0, "consumers": 0, "arguments": {"x-single-active-consumer": True}}

    async def serve(_: web.Request) -> web.Response:
        return web.json_response([statistics])

    looks = Looks()
    async with management(serve) as api:
        await kept_queues(api, "v", ["q"], looks)
        statistics["messages"] = 1
        await kept_queues(api, "v", ["q"], looks)
    assert looks.asked["v", "q"].empty is None


async def test_whoever_asks_again_after_a_while_asks_anew() -> None:
    statistics = {"name": "q", "messages": 1, "consumers": 0}

    async def serve(_: web.Request) -> web.Response:
        return web.json_response([statistics])

    looks, long_ago = Looks(), time.monotonic() - 1000
    looks.asked["v", "q"] = looks.asked["v", "gone"] = Asked(long_ago, long_ago, long_ago)
    async with management(serve) as api:
        (kept,) = await kept_queues(api, "v", ["q"], looks)
    assert kept.waited == 0
    assert set(looks.asked) == {("v", "q")}, "nothing is remembered for ever"


async def test_a_look_that_is_refused_leaves_the_queue_unknown_and_hides_no_other() -> None:
    statistics = [{"name": "odd", "messages": 0, "consumers": 0}, {"name": "q", "messages": 2, "consumers": 0}]

    async def serve(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response(statistics)
        return web.json_response({"error": "bad_request", "reason": "405 RESOURCE_LOCKED"}, status=400)

    async with management(serve) as api:
        odd, full = await kept_queues(api, "v", ["odd", "q"], Looks())
    assert (odd.known, full.known) == (False, True)
    assert "RESOURCE_LOCKED" in odd.why


@asynccontextmanager
async def management(serve: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[Api]:
    """An API client on a server that answers as *serve* does."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = Api(Connection(f"http://127.0.0.1:{runner.addresses[0][1]}", "127.0.0.1", 1, "u", "p"), lambda: None)
    yield api
    await api.close()
    await runner.cleanup()
