"""The relay: every stored message reaches the broker, each stream in its order, whatever goes away in between."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from integration.services.broker import Vhost
from integration.services.postgres_data.test_tasks import change, new
from integration.services.waiting import until
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, EXCHANGES, TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE
from usecase_messaging.publish import Publisher, publisher
from usecase_postgres_data import relay
from usecase_postgres_data.database import Pool, connect
from usecase_runtime.errors import NotTaken


@pytest.fixture
async def to_broker(vhost: Vhost) -> AsyncIterator[Publisher]:
    async with publisher(vhost.url, "test", EXCHANGES) as made:
        async with asyncio.timeout(20):
            await made.connected.wait()
        yield made


@asynccontextmanager
async def relaying(dsn: str, to_broker: Publisher, relays: int = 1) -> AsyncIterator[None]:
    """So many relays, meanwhile."""
    stop = asyncio.Event()
    running = [asyncio.create_task(relay.relay(dsn, to_broker, stop)) for _ in range(relays)]
    yield
    stop.set()
    async with asyncio.timeout(20):
        await asyncio.gather(*running)


async def drain(dsn: str, to_broker: Publisher) -> None:
    """Relay by hand until nothing moves."""
    connection = await connect(dsn)
    while await relay.relay_batch(connection, to_broker):
        pass
    await connection.close()


async def left(pool: Pool) -> int:
    found: int = await pool.fetchval("select count(*) from outbox")
    return found


def bodies(vhost: Vhost, queue: str = TASK_ANALYTICS_QUEUE) -> list[dict[str, Any]]:
    return [json.loads(message["payload"]) for message in vhost.messages(queue)]


def by_task(vhost: Vhost) -> dict[int, list[int]]:
    """Versions of each task, in the order in which they came."""
    found: dict[int, list[int]] = defaultdict(list)
    for body in bodies(vhost):
        found[body["data"]["id"]].append(body["data"]["version"])
    return found


async def statuses(pool: Pool) -> set[str]:
    return {row["status"] for row in await pool.fetch("select distinct status from tasks")}


async def test_a_confirmed_message_is_gone_and_its_task_active(
    pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher
) -> None:
    task = await new(pool, owner)
    assert await statuses(pool) == {"pending"}
    await drain(dsn, to_broker)
    assert (await left(pool), await statuses(pool)) == (0, {"active"})
    (message,) = vhost.messages(TASK_ANALYTICS_QUEUE)
    body = json.loads(message["payload"])
    assert (body["data"]["id"], message["properties"]["message_id"]) == (task.id, body["event_id"])


async def test_each_task_keeps_its_order(pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher) -> None:
    tasks = [await new(pool, owner) for _ in range(10)]
    for number in range(4):
        for task in tasks:
            await change(pool, task, title=f"title {number}")
    async with relaying(dsn, to_broker, relays=3):
        await until(lambda: left(pool), expected=0)
    assert by_task(vhost) == {task.id: [1, 2, 3, 4, 5] for task in tasks}


async def test_a_commit_wakes_the_relay(
    pool: Pool, dsn: str, owner: int, to_broker: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BACKSTOP_SECONDS", 3600)
    stop = asyncio.Event()
    running = asyncio.create_task(relay.relay(dsn, to_broker, stop))
    for _ in range(3):
        await new(pool, owner)
        await until(lambda: left(pool), expected=0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_unroutable_message_is_kept_counted_and_blocks_nobody_else(
    pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher
) -> None:
    labels = {"exchange": "urgent_notifications", "routing_key": "urgent.task"}
    before = REGISTRY.get_sample_value("outbox_unroutable_total", labels) or 0
    binding = f"/bindings/{{v}}/e/urgent_notifications/q/{BOT_NOTIFICATIONS_QUEUE}/urgent.task"
    vhost.request("DELETE", binding).raise_for_status()
    urgent = await new(pool, owner, priority="urgent")
    await new(pool, owner)
    await change(pool, urgent, title="Still urgent")
    await drain(dsn, to_broker)
    assert sorted(by_task(vhost).values()) == [[1], [1, 2]]
    kept = await pool.fetch("select exchange, tries, next_try > now() as later from outbox order by id")
    assert [tuple(row) for row in kept] == [("urgent_notifications", 1, True), ("urgent_notifications", 0, False)]
    assert (REGISTRY.get_sample_value("outbox_unroutable_total", labels) or 0) - before == 1

    where = f"/bindings/{{v}}/e/urgent_notifications/q/{BOT_NOTIFICATIONS_QUEUE}"
    vhost.request("POST", where, json={"routing_key": "urgent.task"}).raise_for_status()
    await drain(dsn, to_broker)
    assert await left(pool) == 2, "its next try has not come yet, and the row behind it waits for it"
    await pool.execute("update outbox set next_try = now()")
    await drain(dsn, to_broker)
    assert [body["data"]["version"] for body in bodies(vhost, BOT_NOTIFICATIONS_QUEUE)] == [1, 2]


async def test_the_copy_that_no_queue_took_is_the_one_that_stays(
    pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher
) -> None:
    for queue in (TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE):
        for binding in vhost.request("GET", f"/bindings/{{v}}/e/task_events/q/{queue}").json():
            found = f"/bindings/{{v}}/e/task_events/q/{queue}/{binding['properties_key']}"
            vhost.request("DELETE", found).raise_for_status()
    await new(pool, owner, priority="urgent")
    await drain(dsn, to_broker)
    assert [row["exchange"] for row in await pool.fetch("select exchange from outbox")] == ["task_events"]
    assert [body["data"]["version"] for body in bodies(vhost, BOT_NOTIFICATIONS_QUEUE)] == [1]


async def test_without_a_confirm_a_message_stays(
    pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher
) -> None:
    await new(pool, owner)
    await until(lambda: vhost.close_connections(), 20)
    await until(lambda: not to_broker.connected.is_set(), 20)
    connection = await connect(dsn)
    assert await relay.relay_batch(connection, to_broker) == 0
    await connection.close()
    assert (await left(pool), await statuses(pool)) == (1, {"pending"})
    async with asyncio.timeout(20):
        await to_broker.connected.wait()
    await drain(dsn, to_broker)
    assert (await left(pool), len(bodies(vhost))) == (0, 1)


async def test_a_queue_that_is_full_refuses_and_nothing_is_lost(
    pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher
) -> None:
    full = {"max-length": 1, "overflow": "reject-publish"}
    policy = {"pattern": f"^{TASK_ANALYTICS_QUEUE}$", "apply-to": "queues", "priority": 9, "definition": full}
    vhost.request("PUT", "/policies/{v}/full", json=policy).raise_for_status()
    await until(lambda: refused(pool, dsn, owner, to_broker), 20)
    vhost.request("DELETE", "/policies/{v}/full").raise_for_status()
    async with relaying(dsn, to_broker):
        await until(lambda: left(pool), 20, expected=0)
    assert {body["data"]["id"] for body in bodies(vhost)} == {
        row["id"] for row in await pool.fetch("select id from tasks")
    }


class Refusing:
    """A broker that is there, and confirms nothing of these messages."""

    def __init__(self, refused: set[str]) -> None:
        self.connected, self.taken, self._refused = asyncio.Event(), list[str](), refused
        self.connected.set()

    async def publish(self, exchange: str, routing_key: str, body: bytes, *, message_id: str, headers: Any) -> None:
        if message_id in self._refused:
            raise NotTaken("the broker did not confirm")
        self.taken.append(message_id)


async def test_messages_that_are_refused_make_room_for_others(
    pool: Pool, dsn: str, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many of them as a relay takes at once: what comes behind is for other queues."""
    monkeypatch.setattr(relay, "BATCH", 2)
    for _ in range(3):
        await new(pool, owner)
    first, second, third = (str(row["event_id"]) for row in await pool.fetch("select event_id from outbox order by id"))
    broker, connection = Refusing({first, second}), await connect(dsn)
    assert await relay.relay_batch(connection, broker) == 2  # type: ignore[arg-type]
    assert await relay.relay_batch(connection, broker) == 1  # type: ignore[arg-type]
    await connection.close()
    assert (broker.taken, await left(pool)) == ([third], 2)


async def refused(pool: Pool, dsn: str, owner: int, to_broker: Publisher) -> bool:
    """Whether the broker leaves us with one of one more task's messages."""
    await new(pool, owner)
    await drain(dsn, to_broker)
    return await left(pool) > 0


async def test_a_relay_that_dies_leaves_its_rows_to_the_next(
    pool: Pool, dsn: str, owner: int, vhost: Vhost, to_broker: Publisher
) -> None:
    await new(pool, owner)
    dying = await connect(dsn)
    await dying.execute("begin")
    assert len(await relay.outbox.take(dying, 10)) == 1
    other = await connect(dsn)
    async with other.transaction():
        assert await relay.outbox.take(other, 10) == []
    dying.terminate()
    await until(lambda: drained(dsn, to_broker, pool), 20)
    assert len(bodies(vhost)) == 1
    await other.close()


async def drained(dsn: str, to_broker: Publisher, pool: Pool) -> bool:
    await drain(dsn, to_broker)
    return await left(pool) == 0


FULL_DISK = """
create function full_disk() returns trigger language plpgsql as
  $$ begin raise exception 'no space left on device' using errcode = '%s'; end $$;
create trigger full_disk before delete on outbox execute function full_disk();"""


@pytest.mark.parametrize("code", ["53100", "40P01", "XX000"], ids=["disk full", "deadlock", "internal error"])
async def test_a_postgresql_that_fails_is_tried_again(
    pool: Pool, dsn: str, owner: int, to_broker: Publisher, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(relay, "FIRST_WAIT_SECONDS", 0.05)
    await pool.execute(FULL_DISK % code)
    await new(pool, owner)
    with capture_logs() as lines:
        async with relaying(dsn, to_broker):
            await until(lambda: len(failures(lines)) > 2)
            assert await left(pool) == 1
            await pool.execute("drop trigger full_disk on outbox")
            await until(lambda: left(pool), expected=0)
    assert failures(lines)[:3] == pytest.approx([0.05, 0.1, 0.2])


def failures(lines: Sequence[Mapping[str, Any]]) -> list[float]:
    """What the relay waited after each failure."""
    return [line["again_in"] for line in lines if "again_in" in line]


async def test_the_age_of_the_oldest_message_is_seen(pool: Pool, owner: int) -> None:
    await new(pool, owner)
    await pool.execute("update outbox set created_at = now() - interval '90 seconds'")
    watching = asyncio.create_task(relay.watch_age(pool))
    age = await until(lambda: REGISTRY.get_sample_value("outbox_oldest_seconds"))
    watching.cancel()
    assert 90 <= age < 120
