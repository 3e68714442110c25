"""The adapter to RabbitMQ against a real broker: declare, drift, conflicts, deletion, and every way to fail."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest

from cluster.backends import Running
from integration.operator.broker_access import connection_to, eventually
from usecase_operator.broker.api import KEPT_SECONDS
from usecase_operator.broker.brokers import Broker, Brokers
from usecase_operator.errors import Retry
from usecase_operator.topology.objects import Binding, Exchange, Permission, Policy, Queue, Topology, User, Vhost
from usecase_operator.topology.ownership import mark
from usecase_operator.topology.passwords import hashed
from usecase_operator.topology.plan import Inventory, diff, not_ours

UID = "0a1b2c"
QUORUM = {"x-queue-type": "quorum"}


def wanted(vhost: str) -> Topology:
    """A small use case: one exchange, Q with its retry and dead-letter parts, one user."""
    user = f"{vhost}.worker"
    return Topology(
        vhost=Vhost(vhost, mark(UID), "UseCase of a test"),
        exchanges={"events": Exchange("events", "topic"), "q.retry": Exchange("q.retry", "fanout")},
        queues={name: Queue(name, QUORUM) for name in ("q", "q.retry", "q.dlq")},
        bindings=frozenset({Binding("events", "q", "k.#"), Binding("q.retry", "q.retry", "")}),
        policies={
            "usecase.queue.q": Policy("usecase.queue.q", "^q$", {"delivery-limit": 50}),
            # As the operator has it: whoever looks into a queue takes a message and gives it back, and after 20 times
            # RabbitMQ would drop it.
            "usecase.queue.q.retry": Policy("usecase.queue.q.retry", r"^q\.retry$", {"delivery-limit": -1}),
            "usecase.dlq": Policy("usecase.dlq", r"\.dlq$", {"delivery-limit": -1}),
        },
        users={user: User(user, mark(UID), hashed("secret"))},
        permissions={
            user: Permission(user, "^$", r"^q\.retry$", "^q$"),
            "guest": Permission("guest", ".*", ".*", ".*"),
        },
    )


async def settle(broker: Broker, topology: Topology, inventory: Inventory) -> Any:
    """Declare what is missing; the plan that was carried out."""
    assert topology.vhost
    plan = diff(topology, await broker.observe(topology.vhost.name, fresh=True), inventory, UID)
    await broker.declare(topology.vhost.name, plan)
    return plan


async def publish(broker: Broker, vhost: str, queue: str) -> None:
    """One message; the broker has confirmed it. The management API's own publish does not wait for that."""
    connection = broker.api.connection
    uri = connection.uri(connection.username, connection.password, vhost, tls=False)
    async with await aio_pika.connect(uri) as amqp:
        channel = await amqp.channel()
        await channel.default_exchange.publish(aio_pika.Message(b"x"), queue)


async def test_what_was_declared_is_observed_and_nothing_more_is_needed(broker: Broker, vhost: str) -> None:
    topology = wanted(vhost)
    plan = await settle(broker, topology, Inventory())
    assert len(plan.declared) == 14
    again = diff(topology, await broker.observe(vhost, fresh=True), Inventory.of(topology), UID)
    assert again.declared == []
    assert not again.deletes
    assert not again.conflicts
    assert again.foreign == ()


async def test_the_broker_accepts_a_password_whose_hash_we_made(broker: Broker, vhost: str, rabbitmq: Running) -> None:
    await settle(broker, wanted(vhost), Inventory())
    connection = connection_to(rabbitmq)
    amqp = await aio_pika.connect(connection.uri(f"{vhost}.worker", "secret", vhost, tls=False))
    async with amqp:
        channel = await amqp.channel()
        queue = await channel.get_queue("q", ensure=True)
    assert queue.name == "q"


@pytest.mark.parametrize(
    ("path", "word"),
    [
        pytest.param("queues/{v}/q", "queue q", id="queue"),
        pytest.param("exchanges/{v}/events", "exchange events", id="exchange"),
        pytest.param("bindings/{v}/e/events/q/q/k.%23", "binding events -> q ('k.#')", id="binding"),
        pytest.param("policies/{v}/usecase.queue.q", "policy usecase.queue.q", id="policy"),
        pytest.param("permissions/{v}/{v}.worker", "permission of user {v}.worker", id="permission"),
        pytest.param("users/{v}.worker", "user {v}.worker", id="user"),
        pytest.param("vhosts/{v}", "vhost {v}", id="vhost"),
    ],
)
async def test_drift_is_noticed_within_ten_seconds_and_repaired(
    broker: Broker, vhost: str, changed: list[str], path: str, word: str
) -> None:
    topology = wanted(vhost)
    await settle(broker, topology, Inventory())
    await broker.observe(vhost, fresh=True)
    changed.clear()
    await broker.api.delete(path.format(v=vhost))

    async def told() -> bool:
        return vhost in changed

    await eventually(told, 10, "the observer tells of the change")
    repaired = await settle(broker, topology, Inventory.of(topology))
    assert word.format(v=vhost) in repaired.declared
    after = diff(topology, await broker.observe(vhost, fresh=True), Inventory.of(topology), UID)
    assert after.declared == []


async def test_a_conflict_is_found_before_anything_is_declared(broker: Broker, vhost: str) -> None:
    await broker.put_vhost(Vhost(vhost, mark(UID), ""))
    await broker.api.put(f"queues/{vhost}/q", {"durable": True, "arguments": {"x-queue-type": "classic"}})
    plan = diff(wanted(vhost), await broker.observe(vhost, fresh=True), Inventory(), UID)
    assert [each.name for each in plan.conflicts] == ["q"]
    await broker.declare(vhost, plan)
    found = await broker.observe(vhost, fresh=True)
    assert found.queues["q"].arguments == {"x-queue-type": "classic"}
    assert set(found.queues) == {"q", "q.retry", "q.dlq"}


async def test_a_vhost_somebody_else_made_is_not_ours(broker: Broker, vhost: str) -> None:
    await broker.put_vhost(Vhost(vhost, frozenset({"theirs"}), ""))
    assert not_ours(wanted(vhost), await broker.observe(vhost, fresh=True), UID) == [f"vhost {vhost}"]


async def dropped(
    broker: Broker, vhost: str, policy: Any, topology: Topology | None = None, seconds: float = 20
) -> Mapping[str, str]:
    """Drop everything but the vhost by *policy*; what was kept and why. Waits until the broker has counted."""
    inventory = Inventory.of(topology or wanted(vhost))

    async def kept() -> Any:
        found = await broker.observe(vhost, fresh=True)
        stays = await broker.drop(diff(Topology(), found, inventory, UID), found, policy)
        return (stays,) if all(each.known for each in stays) else None

    (stays,) = await eventually(kept, seconds, "the broker counts the queues")
    return {each.queue: each.why for each in stays}


async def test_empty_queues_are_deleted(broker: Broker, vhost: str) -> None:
    await settle(broker, wanted(vhost), Inventory())
    assert await dropped(broker, vhost, "DeleteIfEmpty") == {}
    left = await broker.observe(vhost, fresh=True)
    assert (left.queues, left.exchanges, left.policies, left.users) == ({}, {}, {}, {})


async def test_a_queue_with_a_message_published_just_now_is_kept(broker: Broker, vhost: str) -> None:
    await settle(broker, wanted(vhost), Inventory())

    async def counted() -> bool:
        found = await broker.api.get(f"queues/{vhost}?columns=name,messages,consumers")
        return all("messages" in each for each in found)

    await eventually(counted, 20, "statistics of new queues")
    await publish(broker, vhost, "q.dlq")  # the statistics still say 0
    assert set(await dropped(broker, vhost, "DeleteIfEmpty")) == {"q.dlq"}
    left = await broker.observe(vhost, fresh=True)
    assert set(left.queues) == {"q.dlq"}
    assert set(left.policies) == {"usecase.dlq"}, "the kept queue keeps its policy"


async def test_an_empty_queue_into_which_nobody_may_look_is_deleted_and_a_full_one_kept(
    broker: Broker, vhost: str
) -> None:
    """RabbitMQ refuses basic.get on a queue with a single active consumer."""
    single = {**QUORUM, "x-single-active-consumer": True}
    topology = wanted(vhost)
    singles = {name: Queue(name, single) for name in ("q", "full")}
    topology = replace(topology, queues={**topology.queues, **singles})
    await settle(broker, topology, Inventory())
    await publish(broker, vhost, "full")
    assert list(await dropped(broker, vhost, "DeleteIfEmpty", topology, 30)) == ["full"]
    assert set((await broker.observe(vhost, fresh=True)).queues) == {"full"}


async def test_an_idle_connection_is_given_up_before_the_broker_ends_it(rabbitmq: Running) -> None:
    address = urlsplit(rabbitmq.management)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    answered = time.monotonic()
    async with asyncio.timeout(60):
        await reader.read()
    assert time.monotonic() - answered > KEPT_SECONDS + 1
    writer.close()


async def test_messages_that_wait_for_a_retry_keep_the_way_back(broker: Broker, vhost: str) -> None:
    await settle(broker, wanted(vhost), Inventory())
    await publish(broker, vhost, "q.retry")
    kept = await dropped(broker, vhost, "DeleteIfEmpty")
    assert set(kept) == {"q", "q.retry", "q.dlq"}
    assert kept["q"] == "q.retry needs it"


async def test_delete_deletes_messages_too(broker: Broker, vhost: str) -> None:
    await settle(broker, wanted(vhost), Inventory())
    await publish(broker, vhost, "q")
    assert await dropped(broker, vhost, "Delete") == {}
    assert (await broker.observe(vhost, fresh=True)).queues == {}


async def test_retain_keeps_queues_and_takes_the_credentials_away(broker: Broker, vhost: str) -> None:
    await settle(broker, wanted(vhost), Inventory())
    assert set(await dropped(broker, vhost, "Retain")) == {"q", "q.retry", "q.dlq"}
    left = await broker.observe(vhost, fresh=True)
    assert set(left.queues) == {"q", "q.retry", "q.dlq"}
    assert left.users == {}


async def test_retain_keeps_no_binding_between_what_is_declared(broker: Broker, vhost: str) -> None:
    target = wanted(vhost)
    await settle(broker, target, Inventory())
    (old,) = [each for each in target.bindings if each.exchange == "events"]
    changed = replace(target, bindings=target.bindings - {old} | {replace(old, routing_key="other")})
    plan = diff(changed, await broker.observe(vhost, fresh=True), Inventory.of(target), UID)
    await broker.declare(vhost, plan)
    await broker.drop(plan, await broker.observe(vhost, fresh=True), "Retain")
    assert (await broker.observe(vhost, fresh=True)).bindings == changed.bindings


@pytest.mark.parametrize("key", ["a+b", "50%", "a b", "a/b", "ä", "a%2Bb", "~"])
async def test_a_binding_goes_whatever_its_key_is_made_of(broker: Broker, vhost: str, key: str) -> None:
    target = wanted(vhost)
    before = replace(target, bindings=target.bindings | {Binding("events", "q", key)})
    await settle(broker, before, Inventory())
    plan = diff(target, await broker.observe(vhost, fresh=True), Inventory.of(before), UID)
    await broker.drop(plan, await broker.observe(vhost, fresh=True), "DeleteIfEmpty")
    assert (await broker.observe(vhost, fresh=True)).bindings == target.bindings


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"password": "wrong"}, "AuthenticationFailed", id="wrong password"),
        pytest.param({"management": "http://127.0.0.1:1"}, "ManagementPluginMissing", id="only AMQP answers"),
        pytest.param({"management": "http://127.0.0.1:1", "amqp_port": 1}, "BrokerUnreachable", id="nothing answers"),
    ],
)
async def test_failures_say_what_to_do(
    rabbitmq: Running, brokers: Brokers, vhost: str, changes: dict[str, Any], reason: str
) -> None:
    broker = await brokers.of(connection_to(rabbitmq, **changes), vhost)

    async def told() -> bool:
        with pytest.raises(Retry) as failure:
            await broker.observe(vhost)
        return failure.value.reason == reason

    await eventually(told, 10, f"it says {reason}")


async def test_a_broker_that_comes_back_is_noticed(
    rabbitmq: Running, broker: Broker, vhost: str, changed: list[str]
) -> None:
    await broker.observe(vhost)
    rabbitmq.kill()

    async def failing() -> bool:
        try:
            await broker.observe(vhost, fresh=True)
        except Retry as failure:
            return failure.reason == "BrokerUnreachable"
        return False

    await eventually(failing, 15, "BrokerUnreachable")
    changed.clear()
    rabbitmq.resume()

    async def recovered() -> bool:
        return vhost in changed

    await eventually(recovered, 30, "the observer tells that the broker is back")
    await broker.observe(vhost)


async def test_requests_do_not_grow_with_the_number_of_use_cases(
    rabbitmq: Running, brokers: Brokers, vhost: str
) -> None:
    connection = connection_to(rabbitmq)
    watched = [await brokers.of(connection, f"{vhost}-{number}") for number in range(50)]
    requests = 0
    original = watched[0].api.get

    async def counting(path: str) -> Any:
        nonlocal requests
        requests += 1
        return await original(path)

    watched[0].api.get = counting  # type: ignore[method-assign]
    await asyncio.gather(*(each.observe(f"{vhost}-{number}", fresh=True) for number, each in enumerate(watched)))
    assert requests <= 4, "one read serves all that wait"


@pytest.mark.soak  # 40 s
async def test_a_queue_at_rest_is_counted_again_after_the_broker_was_killed(
    rabbitmq: Running, broker: Broker, vhost: str
) -> None:
    await settle(broker, wanted(vhost), Inventory())

    async def counted() -> bool:
        found = broker.counts(vhost).values()
        return len(found) == 3 and all(each.messages is not None for each in found)

    # Queues of a moment's age are lost with a broker that is killed (docs/explanation/delivery-guarantees.md).
    await eventually(counted, 60, "the queues are as old as their numbers")
    rabbitmq.kill()
    rabbitmq.resume()

    async def reachable() -> bool:
        try:
            return bool((await broker.observe(vhost, fresh=True)).queues)
        except Retry:
            return False

    await eventually(reachable, 30, "the broker is back")
    assert await dropped(broker, vhost, "DeleteIfEmpty") == {}
