"""Consuming and publishing against a real broker, and what becomes of a message whose handler fails."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from integration.services.broker import Vhost
from integration.services.messaging import mortal
from integration.services.process import environment
from integration.services.waiting import until
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE, TASK_EVENTS, dlq_of, retry_of
from usecase_messaging.consume import consume, reading
from usecase_messaging.publish import Publisher, publisher
from usecase_runtime import context
from usecase_runtime.errors import Reject, ServerError, Unavailable, Unroutable
from usecase_runtime.ops import Readiness

QUEUE, KEY = TASK_ANALYTICS_QUEUE, "task.task_created"


@asynccontextmanager
async def publishing(vhost: Vhost) -> AsyncIterator[Publisher]:
    """A publisher that is connected."""
    async with publisher(vhost.url, "test", (TASK_EVENTS,)) as made:
        async with asyncio.timeout(20):
            await made.connected.wait()
        yield made


async def publish(vhost: Vhost, *bodies: bytes, headers: dict[str, str] | None = None) -> None:
    async with publishing(vhost) as made:
        for number, body in enumerate(bodies):
            await made.publish(TASK_EVENTS, KEY, body, message_id=f"m-{number}", headers=headers or {})


@asynccontextmanager
async def consuming(
    vhost: Vhost, handler: Callable[[bytes], Awaitable[None]], **options: Any
) -> AsyncIterator[Readiness]:
    """A consumer of QUEUE that runs meanwhile."""
    readiness, stop = Readiness("consumer"), asyncio.Event()
    running = asyncio.create_task(
        consume(vhost.url, QUEUE, handler, readiness=readiness, stop=stop, **{"prefetch": 10} | options)
    )
    try:
        yield readiness
        stop.set()
        async with asyncio.timeout(20):
            await running
    finally:
        running.cancel()


class Handler:
    """Remembers what it got; fails as it is told, first failure first."""

    def __init__(self, *failures: Exception) -> None:
        self.bodies: list[bytes] = []
        self.request_ids: list[str | None] = []
        self.traceparents: list[str | None] = []
        self._failures = list(failures)

    async def __call__(self, body: bytes) -> None:
        self.bodies.append(body)
        self.request_ids.append(context.request_id.get())
        self.traceparents.append(context.traceparent.get())
        if self._failures:
            raise self._failures.pop(0)


async def test_what_is_handled_is_acknowledged(vhost: Vhost) -> None:
    handler = Handler()
    await publish(vhost, b"1", b"2")
    async with consuming(vhost, handler) as readiness:
        await until(lambda: len(handler.bodies) == 2)
        assert await readiness.missing() == {}
    assert sorted(handler.bodies) == [b"1", b"2"]
    await until(lambda: vhost.count(QUEUE) == 0)  # counts those in hand, too
    assert vhost.messages(dlq_of(QUEUE)) == []


async def test_what_is_handled_is_told_in_the_log(vhost: Vhost) -> None:
    with capture_logs() as lines:
        await publish(vhost, b"1")
        async with consuming(vhost, Handler()):
            handled = await until(lambda: [line for line in lines if line["event"] == "message handled"])
    assert [(line["queue"], line["id"], line["key"], line["tries"]) for line in handled] == [(QUEUE, "m-0", KEY, 1)]


async def test_ids_travel_with_a_message(vhost: Vhost) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-00"
    handler = Handler()
    await publish(vhost, b"1", headers={"x-request-id": "r-1", "traceparent": trace})
    async with consuming(vhost, handler):
        await until(lambda: handler.bodies)
    assert (handler.request_ids, handler.traceparents) == (["r-1"], [trace])
    assert (context.request_id.get(), context.traceparent.get()) == (None, None)


async def test_a_message_without_ids_is_given_none(vhost: Vhost) -> None:
    handler = Handler()
    await publish(vhost, b"1")
    async with consuming(vhost, handler):
        await until(lambda: handler.bodies)
    assert (handler.request_ids, handler.traceparents) == ([None], [None])


async def test_what_fails_is_tried_again_later_with_its_ids(vhost: Vhost) -> None:
    handler = Handler(RuntimeError("not yet"), RuntimeError("not yet"))
    await publish(vhost, b"1", headers={"x-request-id": "r-1"})
    async with consuming(vhost, handler):
        await until(lambda: len(handler.bodies) == 3)
    assert handler.request_ids == ["r-1"] * 3
    assert vhost.messages(dlq_of(QUEUE)) == []


async def test_poison_is_dead_lettered_after_exactly_the_set_tries(vhost: Vhost) -> None:
    handler = Handler(*(RuntimeError(f"try {number}") for number in range(1, 100)))
    await publish(vhost, b"poison", b"good")
    async with consuming(vhost, handler, max_tries=3, prefetch=1):
        dead = await until(lambda: vhost.messages(dlq_of(QUEUE)), 30)
        await until(lambda: b"good" in handler.bodies)
    assert handler.bodies.count(b"poison") == 3
    assert (dead[0]["payload"], dead[0]["properties"]["message_id"]) == ("poison", "m-0")
    assert dead[0]["properties"]["content_type"] == "application/json"
    assert dead[0]["properties"]["headers"]["x-tries"] == 2
    assert dead[0]["properties"]["headers"]["x-last-error"].startswith("RuntimeError: try")


async def test_what_never_will_work_is_dead_lettered_at_once(vhost: Vhost) -> None:
    handler = Handler(Reject("no such version"))
    await publish(vhost, b"1")
    async with consuming(vhost, handler):
        await until(lambda: vhost.messages(dlq_of(QUEUE)))
    assert handler.bodies == [b"1"]


async def test_what_cannot_be_read_is_dead_lettered_and_the_next_is_handled(vhost: Vhost) -> None:
    numbers: list[int] = []

    async def keep(number: int) -> None:
        numbers.append(number)

    await publish(vhost, b"seven", b"8")
    async with consuming(vhost, reading(int, keep)):
        dead = await until(lambda: vhost.messages(dlq_of(QUEUE)))
        await until(lambda: numbers)
    assert ([message["payload"] for message in dead], numbers) == (["seven"], [8])


async def test_a_message_that_kills_its_consumer_is_dead_lettered_after_the_brokers_limit(vhost: Vhost) -> None:
    limit, death, lives = 3, (mortal.DEATH, ""), list[tuple[int, str]]()
    vhost.limit_deliveries(QUEUE, limit)
    await publish(vhost, b"deadly", b"next")
    command = [sys.executable, mortal.__file__, vhost.url, QUEUE, "deadly"]
    while not lives or (lives[-1] == death and len(lives) <= limit + 1):
        ended = await asyncio.to_thread(
            subprocess.run, command, env=environment(), capture_output=True, text=True, check=False, timeout=20
        )
        lives.append((ended.returncode, ended.stdout))
    assert lives == [death] * (limit + 1) + [(0, "next\n")]
    (dead,) = await until(lambda: vhost.messages(dlq_of(QUEUE)))
    assert (dead["payload"], dead["properties"]["message_id"]) == ("deadly", "m-0")
    assert dead["properties"]["headers"]["x-first-death-reason"] == "delivery_limit"
    assert vhost.messages(QUEUE) == []


async def test_an_outage_of_somebody_else_counts_no_try(vhost: Vhost) -> None:
    handler = Handler(*(Unavailable("mongo-data is away") for _ in range(4)))
    await publish(vhost, b"1")
    async with consuming(vhost, handler, max_tries=2):
        await until(lambda: len(handler.bodies) == 5, 30)
    assert vhost.messages(dlq_of(QUEUE)) == []


async def test_a_server_that_breaks_on_one_message_counts_its_tries(vhost: Vhost) -> None:
    handler = Handler(*(ServerError("mongo-data answered 500") for _ in range(9)))
    await publish(vhost, b"1")
    async with consuming(vhost, handler, max_tries=2):
        await until(lambda: vhost.messages(dlq_of(QUEUE)), 30)
    assert handler.bodies == [b"1"] * 2


async def test_what_takes_too_long_is_tried_again(vhost: Vhost) -> None:
    tries = 0

    async def hang_once(_body: bytes) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await asyncio.Event().wait()

    await publish(vhost, b"1")
    async with consuming(vhost, hang_once, seconds=0.1):
        await until(lambda: tries == 2)
    assert vhost.messages(dlq_of(QUEUE)) == []


async def test_at_most_prefetch_are_in_hand(vhost: Vhost) -> None:
    in_hand: set[bytes] = set()
    most, handled, go = 0, 0, asyncio.Event()

    async def hold(body: bytes) -> None:
        nonlocal most, handled
        in_hand.add(body)
        most = max(most, len(in_hand))
        await go.wait()
        in_hand.discard(body)
        handled += 1

    await publish(vhost, *(str(number).encode() for number in range(6)))
    async with consuming(vhost, hold, prefetch=3):
        await until(lambda: len(in_hand) == 3)
        go.set()
        await until(lambda: handled == 6)
    assert most == 3


async def test_stopping_finishes_what_was_begun(vhost: Vhost) -> None:
    began, done = asyncio.Event(), []

    async def slow(body: bytes) -> None:
        began.set()
        for _ in range(100):
            await asyncio.sleep(0)
        done.append(body)

    await publish(vhost, b"1")
    async with consuming(vhost, slow):
        await began.wait()
    assert (done, vhost.messages(QUEUE)) == ([b"1"], [])


async def test_stopping_does_not_wait_for_a_broker_that_is_away() -> None:
    stop = asyncio.Event()
    away = "amqp://guest:guest@127.0.0.1:1/"
    running = asyncio.create_task(
        consume(away, QUEUE, Handler(), readiness=Readiness("consumer"), stop=stop, prefetch=1)
    )
    await asyncio.sleep(0)
    stop.set()
    async with asyncio.timeout(5):
        await running


async def test_a_deleted_queue_makes_unready_and_a_new_one_ready(vhost: Vhost) -> None:
    handler = Handler()
    async with consuming(vhost, handler) as readiness:
        await until(lambda: readiness.missing(), 20, expected={})
        vhost.request("DELETE", f"/queues/{{v}}/{QUEUE}").raise_for_status()
        await until(lambda: readiness.missing(), 20, unexpected={})
        vhost.make((QUEUE,))
        await until(lambda: readiness.missing(), 20, expected={})
        await publish(vhost, b"after")
        await until(lambda: handler.bodies)
    await until(lambda: vhost.consumers(QUEUE), 20, expected=0)


async def test_a_missing_retry_queue_loses_nothing(vhost: Vhost) -> None:
    handler = Handler(RuntimeError("first"), RuntimeError("second"))
    async with consuming(vhost, handler) as readiness:
        await until(lambda: readiness.missing(), 20, expected={})
        vhost.request("DELETE", f"/queues/{{v}}/{retry_of(QUEUE)}").raise_for_status()
        await publish(vhost, b"1")
        await until(lambda: len(handler.bodies) == 3, 20)
    assert vhost.messages(QUEUE) == []


async def test_a_connection_that_the_broker_closes_is_made_again_once(vhost: Vhost) -> None:
    handler = Handler()
    async with consuming(vhost, handler) as readiness:
        await until(lambda: readiness.missing(), 20, expected={})
        for _ in range(2):
            await until(lambda: vhost.close_connections(), 20)
            await until(lambda: readiness.missing(), 20, expected={})
        await publish(vhost, b"1")
        await until(lambda: handler.bodies)
        await until(lambda: vhost.consumers(QUEUE) == 1, 20)


async def test_nobody_bound_is_unroutable(vhost: Vhost) -> None:
    async with publishing(vhost) as made:
        with pytest.raises(Unroutable, match=r"no queue is bound to task_events for nobody\.listens"):
            await made.publish(TASK_EVENTS, "nobody.listens", b"1", message_id="m", headers={})
        await made.publish(TASK_EVENTS, KEY, b"2", message_id="n", headers={})
    assert [message["payload"] for message in vhost.messages(QUEUE)] == ["2"]


async def test_a_published_message_is_persistent_json_with_its_id(vhost: Vhost) -> None:
    await publish(vhost, b"{}", headers={"x-request-id": "r-1"})
    (message,) = vhost.messages(QUEUE)
    properties = message["properties"]
    assert (properties["delivery_mode"], properties["content_type"]) == (2, "application/json")
    assert (properties["message_id"], properties["headers"]) == ("m-0", {"x-request-id": "r-1"})


async def test_without_a_broker_publishing_fails_at_once(vhost: Vhost) -> None:
    async with publisher("amqp://guest:guest@127.0.0.1:1/", "test", (TASK_EVENTS,)) as made:
        with pytest.raises(Unavailable):
            await made.publish(TASK_EVENTS, KEY, b"1", message_id="m", headers={})


async def test_a_publisher_comes_back(vhost: Vhost) -> None:
    async with publishing(vhost) as made:
        await until(lambda: vhost.close_connections(), 20)
        await until(lambda: not made.connected.is_set(), 20)
        async with asyncio.timeout(20):
            await made.connected.wait()
        await made.publish(TASK_EVENTS, KEY, b"1", message_id="m", headers={})
    assert len(vhost.messages(QUEUE)) == 1
