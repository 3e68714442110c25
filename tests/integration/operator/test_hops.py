"""The messages of a use case on a broker that is killed between two hops, and its consumer when all has been repaired.

The topology is the one that the operator declares (decision 0026 says what was found).
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from cluster.backends import Running
from integration.operator.broker_access import connection_to, eventually, removed
from usecase_messaging.consume import consume
from usecase_operator.broker.brokers import Broker, Brokers
from usecase_operator.errors import Retry
from usecase_operator.topology.desired import component_users, desired
from usecase_operator.topology.objects import Topology
from usecase_operator.topology.passwords import hashed
from usecase_operator.topology.plan import Inventory, diff
from usecase_runtime.ops import Readiness
from usecases import JOBS, UID, component, make_usecase

MESSAGES = 400
PASSWORD = "secret"
# The broker starts, its queues elect themselves, and what was under way goes on.
RECOVERED = 90.0


@dataclass(frozen=True)
class Declared:
    """A use case with one worker, in the broker."""

    rabbitmq: Running
    broker: Broker
    topology: Topology

    @property
    def vhost(self) -> str:
        assert self.topology.vhost
        return self.topology.vhost.name

    @property
    def url(self) -> str:
        """As the worker connects."""
        return connection_to(self.rabbitmq).uri(f"{self.vhost}.w", PASSWORD, self.vhost, tls=False)

    async def repair(self) -> bool:
        """What the operator does in a pass; whether nothing more is to do."""
        try:
            found = await self.broker.observe(self.vhost, fresh=True)
            plan = diff(self.topology, found, Inventory.of(self.topology), UID)
            await self.broker.declare(self.vhost, plan)
        except Retry:
            return False
        return not plan.declared

    async def channel(self) -> AbstractChannel:
        """Of the administrator, as soon as the broker lets one in and has the queues."""
        connection = connection_to(self.rabbitmq)
        uri = connection.uri(connection.username, connection.password, self.vhost, tls=False)

        async def opened() -> AbstractChannel | None:
            with suppress(aio_pika.exceptions.AMQPError, OSError, TimeoutError):
                channel = await (await aio_pika.connect(uri, timeout=5)).channel()
                await asyncio.wait_for(channel.get_queue("jobs.dlq", ensure=True), 5)
                return channel
            return None

        found: AbstractChannel = await eventually(opened, RECOVERED, "a channel to the broker")
        return found


@pytest.fixture
async def declared(rabbitmq: Running, brokers: Brokers) -> AsyncIterator[Declared]:
    queue = {"name": "jobs", "retry": {"maxTries": 3, "delaySeconds": 2}}
    usecase = make_usecase(
        component("w", "Worker"), name=f"hops-{uuid.uuid4().hex[:5]}", messaging={**JOBS, "queues": [queue]}
    )
    connection = connection_to(rabbitmq)
    hashes = {name: hashed(PASSWORD) for name in component_users(usecase).values()}
    topology = desired(usecase, hashes, connection.username)
    assert topology.vhost
    made = Declared(rabbitmq, await brokers.of(connection, topology.vhost.name), topology)
    await eventually(made.repair, 20, "the topology is declared")
    yield made
    # A queue that was killed within seconds of its birth may not come up again, and RabbitMQ then answers no deletion
    # of it: what is left goes with the server.
    with suppress(AssertionError):
        await removed(made.broker, made.vhost, sorted(topology.users), seconds=10)


async def publish(declared: Declared, exchange: str, key: str) -> set[str]:
    """Ids of messages that the broker has confirmed."""
    channel = await declared.channel()
    to = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    ids = {uuid.uuid4().hex for _ in range(MESSAGES)}
    messages = [aio_pika.Message(b"x", message_id=each, delivery_mode=aio_pika.DeliveryMode.PERSISTENT) for each in ids]
    await asyncio.gather(*(to.publish(each, routing_key=key, mandatory=True) for each in messages))
    return ids


async def reject(message: AbstractIncomingMessage) -> None:
    await message.reject(requeue=False)


async def rejecting(declared: Declared) -> AbstractQueue:
    channel = await declared.channel()
    await channel.set_qos(prefetch_count=20)
    jobs = await channel.get_queue("jobs", ensure=False)
    await jobs.consume(reject)
    return jobs


async def killed_when_some_have_come(declared: Declared, queue: str) -> int:
    """Kill the broker when a part of the messages stands in *queue*, and start it again. How many stood there."""
    channel = await declared.channel()

    async def some() -> int:
        found = await channel.declare_queue(queue, passive=True)
        return found.declaration_result.message_count or 0

    seen = await eventually(some, 30, f"messages in {queue}", every=0.01)
    await asyncio.to_thread(declared.rabbitmq.kill)
    await asyncio.to_thread(declared.rabbitmq.resume)
    return int(seen)


async def arrived(declared: Declared, queue: str, ids: set[str]) -> Counter[str]:
    """What *queue* gives, until every one of *ids* was among it: id → how often."""
    found: Counter[str] = Counter()

    async def take(message: AbstractIncomingMessage) -> None:
        found[message.message_id or ""] += 1
        await message.ack()

    channel = await declared.channel()
    await (await channel.get_queue(queue, ensure=False)).consume(take)

    async def all_there() -> bool:
        return found.keys() >= ids

    await eventually(all_there, RECOVERED, f"all in {queue}")
    return found


async def between(declared: Declared, hop: str) -> None:
    if hop == "rejected":
        ids = await publish(declared, "", "jobs")
        await rejecting(declared)
        seen = await killed_when_some_have_come(declared, "jobs.dlq")
        await rejecting(declared)
        found = await arrived(declared, "jobs.dlq", ids)
    else:
        ids = await publish(declared, "jobs.retry", "")
        seen = await killed_when_some_have_come(declared, "jobs")
        found = await arrived(declared, "jobs", ids)
    print(f"{hop}: killed with {seen} of {MESSAGES} over; {found.total() - len(ids)} copies")
    assert seen < MESSAGES, "it was killed between the hops"
    assert found.keys() == ids


@pytest.mark.parametrize("hop", ["rejected", "expired"])
async def test_a_kill_between_two_hops_loses_no_message(declared: Declared, hop: str) -> None:
    await between(declared, hop)


@pytest.mark.soak
@pytest.mark.parametrize("hop", ["rejected", "expired"] * 5)
async def test_many_kills_between_two_hops_lose_no_message(declared: Declared, hop: str) -> None:
    await between(declared, hop)


async def test_a_worker_whose_broker_was_repaired_consumes_once(declared: Declared) -> None:
    """Its queue, its user, its rights and the whole vhost are taken away and put back."""
    handled: list[bytes] = []
    readiness, stop = Readiness(), asyncio.Event()

    async def handler(body: bytes) -> None:
        handled.append(body)

    async def one_consumer() -> bool:
        """Asked of the queue itself: statistics may still speak of what was before."""
        channel = await declared.channel()
        found = await channel.declare_queue("jobs", passive=True)
        return found.declaration_result.consumer_count == 1

    working = asyncio.create_task(
        consume(declared.url, "jobs", handler, readiness=readiness, stop=stop, prefetch=10, seconds=30)
    )
    await eventually(one_consumer, 20, "the worker consumes")
    for path in ("queues/{v}/jobs", "users/{v}.w", "permissions/{v}/{v}.w", "queues/{v}/jobs", "vhosts/{v}"):
        await declared.broker.api.delete(path.format(v=declared.vhost))
        await eventually(declared.repair, 20, f"{path} is back")
        await eventually(one_consumer, 30, f"one consumer after {path}")
    channel = await declared.channel()
    await channel.default_exchange.publish(aio_pika.Message(b"once"), routing_key="jobs")

    async def arrived_there() -> bool:
        return handled == [b"once"]

    await eventually(arrived_there, 10, "a message is handled")
    assert await one_consumer()
    stop.set()
    await asyncio.wait_for(working, 10)
