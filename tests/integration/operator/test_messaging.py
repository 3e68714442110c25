"""A UseCase with a broker: declared, damaged, dropped, deleted, and every way in which the broker may be missing."""

import asyncio
import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aio_pika
import httpx
import pytest

from bench.operator import api
from cluster.backends import Running
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.management import management_client
from integration.operator import snapshot
from integration.operator.operator_process import OperatorProcess
from integration.operator.stage import ADMIN, PLACED, connect, infrastructure, kwok_nodes
from integration.operator.world import World

WORKER = {"name": "worker", "kind": "Worker", "consumes": [{"queue": "orders"}], "scaling": {"replicas": 0}}
FRONT = {"name": "front", "publishes": [{"exchange": "events"}], "scaling": {"replicas": 0}}
MESSAGING: dict[str, Any] = {
    "exchanges": [{"name": "events"}],
    "queues": [{"name": "orders"}],
    "bindings": [{"exchange": "events", "queue": "orders", "routingKey": "order.#"}],
}


def amqp_uri(world: World, child: str) -> str:
    data = world.get("secret", f"{child}-amqp")["data"]
    return base64.b64decode(data["uri"]).decode()


@dataclass(frozen=True)
class Management:
    """The broker's own view, for assertions."""

    client: httpx.Client

    def names(self, path: str) -> set[str]:
        answer = self.client.get(path)
        return {each["name"] for each in answer.json()} if answer.status_code == 200 else set()

    def queues(self, world: World, usecase: str) -> set[str]:
        return self.names(f"queues/{world.namespace}.{usecase}")

    def vhosts(self) -> set[str]:
        return self.names("vhosts")

    def users(self, world: World, usecase: str) -> set[str]:
        return {name for name in self.names("users") if name.startswith(f"{world.namespace}.{usecase}.")}

    def publish(self, vhost: str, queue: str) -> None:
        body = {"properties": {}, "routing_key": queue, "payload": "x", "payload_encoding": "string"}
        answer = self.client.post(f"exchanges/{quote(vhost)}/amq.default/publish", json=body)
        assert answer.json() == {"routed": True}


def opens(uri: str) -> bool:
    """Whether a component gets in with *uri*."""

    async def connect() -> None:
        async with await aio_pika.connect(uri, timeout=5):
            pass

    try:
        asyncio.run(connect())
    except (aio_pika.exceptions.AMQPError, OSError):
        return False
    return True


@pytest.fixture
def management(rabbitmq: Running) -> Iterator[Management]:
    with management_client(rabbitmq) as client:
        yield Management(client)


@pytest.fixture
def admin(world: World, rabbitmq: Running) -> str:
    """The connection Secret's name."""
    connect(world, rabbitmq)
    return ADMIN


def messaging(world: World, name: str, *components: dict[str, Any], rabbitmq: Running, **spec: Any) -> None:
    broker = {"rabbitmq": infrastructure(rabbitmq)}
    world.usecase(name, *components, infrastructure=broker, **{"messaging": MESSAGING, **spec})


def test_the_broker_gets_what_is_declared_and_loses_it_with_the_use_case(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    messaging(world, "shop", WORKER, FRONT, rabbitmq=rabbitmq)
    world.wait_ready("shop")
    assert management.queues(world, "shop") == {"orders", "orders.retry", "orders.dlq"}
    vhost = f"{world.namespace}.shop"
    assert management.users(world, "shop") == {f"{vhost}.worker", f"{vhost}.front"}
    assert world.exists("secret", "shop-worker-amqp")
    world.delete("shop")
    assert vhost not in management.vhosts()
    assert management.users(world, "shop") == set()


def test_drift_in_the_broker_is_repaired_within_ten_seconds_and_told(
    world: World, rabbitmq: Running, management: Management, admin: str, operator: OperatorProcess
) -> None:
    messaging(world, "drifting", WORKER, FRONT, rabbitmq=rabbitmq)
    world.wait_ready("drifting")
    vhost = f"{world.namespace}.drifting"
    management.client.delete(f"queues/{vhost}/orders")
    management.client.delete(f"users/{vhost}.worker")
    eventually(
        lambda: "orders" in management.queues(world, "drifting") and len(management.users(world, "drifting")) == 2,
        timeout=10,
        what="queue and user are back",
    )
    eventually(lambda: "TopologyRepaired" in world.events("drifting"), timeout=10, what="an Event tells")


def test_drift_while_the_operator_was_down_is_repaired(
    world: World, rabbitmq: Running, management: Management, admin: str, operator: OperatorProcess
) -> None:
    messaging(world, "absent", WORKER, FRONT, rabbitmq=rabbitmq)
    world.wait_ready("absent")
    vhost = f"{world.namespace}.absent"
    before, uri = snapshot.broker(world, "absent", rabbitmq), amqp_uri(world, "absent-worker")
    operator.stop()
    world.kubectl("patch", "secret", "absent-worker-amqp", "--type=merge", "-p", '{"stringData":{"uri":"amqp://x"}}')
    world.kubectl("delete", "secret", "absent-front-amqp")
    for path in (
        f"queues/{vhost}/orders.retry",
        f"bindings/{vhost}/e/events/q/orders/order.%23",
        f"policies/{vhost}/usecase.dlq",
        f"permissions/{vhost}/{vhost}.front",
        f"users/{vhost}.worker",
    ):
        management.client.delete(path).raise_for_status()
    assert snapshot.broker(world, "absent", rabbitmq) != before
    operator.start()
    eventually(lambda: snapshot.broker(world, "absent", rabbitmq) == before, timeout=15, what="the broker's objects")
    for component in ("worker", "front"):
        eventually(lambda c=component: opens(amqp_uri(world, f"absent-{c}")), timeout=10, what=component)  # type: ignore[misc]
    assert amqp_uri(world, "absent-worker") != uri, "nobody knows the old password any more"
    world.wait_ready("absent")


def test_a_foreign_queue_survives_everything(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    messaging(world, "shared", WORKER, rabbitmq=rabbitmq)
    world.wait_ready("shared")
    vhost = f"{world.namespace}.shared"
    management.client.put(f"queues/{vhost}/theirs", json={"durable": True}).raise_for_status()
    world.delete("shared")
    assert management.queues(world, "shared") == {"theirs"}
    assert "QueueRetained" in world.events("shared")
    messaging(world, "shared", WORKER, rabbitmq=rabbitmq)  # a new resource takes the vhost over
    world.wait_ready("shared")
    assert management.queues(world, "shared") == {"theirs", "orders", "orders.retry", "orders.dlq"}
    management.client.delete(f"queues/{vhost}/theirs")


def test_a_dropped_queue_that_holds_messages_is_kept_and_goes_when_it_is_empty(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    two = {**MESSAGING, "queues": [{"name": "orders"}, {"name": "old"}]}
    messaging(world, "dropping", WORKER, rabbitmq=rabbitmq, messaging=two)
    world.wait_ready("dropping")
    vhost = f"{world.namespace}.dropping"
    management.publish(vhost, "old")
    messaging(world, "dropping", WORKER, rabbitmq=rabbitmq)
    kept = world.wait_condition("dropping", "MessagingReady", "True", "QueueRetained", timeout=30)
    assert "old" in kept["message"]
    management.client.delete(f"queues/{vhost}/old/contents").raise_for_status()
    eventually(lambda: "old" not in management.queues(world, "dropping"), timeout=60, what="the empty queue is gone")
    world.wait_condition("dropping", "MessagingReady", "True", "TopologyDeclared", timeout=30)


def test_a_changed_queue_argument_is_a_condition_and_no_loss(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    messaging(world, "fixed", WORKER, rabbitmq=rabbitmq)
    world.wait_ready("fixed")
    vhost = f"{world.namespace}.fixed"
    management.client.delete(f"queues/{vhost}/orders")
    management.client.put(f"queues/{vhost}/orders", json={"durable": True, "arguments": {"x-queue-type": "classic"}})
    refused = world.wait_condition("fixed", "MessagingReady", "False", "ImmutableQueueChanged", timeout=20)
    assert "queue orders" in refused["message"]


def test_what_somebody_else_made_is_in_the_way_and_stays_theirs(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    """Whoever gives way to it, as the condition says, does not lose it."""
    policy = {"messaging": "Delete"}
    messaging(world, "polite", WORKER, rabbitmq=rabbitmq, deletionPolicy=policy)
    world.wait_ready("polite")
    vhost = f"{world.namespace}.polite"
    theirs = {"durable": True, "arguments": {"x-queue-type": "classic"}}
    management.client.put(f"queues/{vhost}/audit", json=theirs).raise_for_status()
    management.publish(vhost, "audit")
    wanted = {**MESSAGING, "queues": [*MESSAGING["queues"], {"name": "audit"}, {"name": "beside"}]}
    messaging(world, "polite", WORKER, rabbitmq=rabbitmq, messaging=wanted, deletionPolicy=policy)
    world.wait_condition("polite", "MessagingReady", "False", "ImmutableQueueChanged", timeout=30)
    assert "beside" in management.queues(world, "polite")
    messaging(world, "polite", WORKER, rabbitmq=rabbitmq, deletionPolicy=policy)
    world.wait_condition("polite", "MessagingReady", "True", timeout=30)
    eventually(lambda: "beside" not in management.queues(world, "polite"), timeout=30, what="ours is gone")
    assert "audit" in management.queues(world, "polite")


def test_the_vhost_of_a_lost_cluster_is_handed_over_with_its_messages(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    """By the commands of docs/how-to/restore-and-move.md."""
    vhost = f"{world.namespace}.restored"
    lost = {"tags": "usecase-operator,uid.of-the-lost-one", "default_queue_type": "quorum"}
    management.client.put(f"vhosts/{vhost}", json=lost).raise_for_status()
    queue = {"durable": True, "arguments": {"x-queue-type": "quorum"}}
    management.client.put(f"queues/{vhost}/orders", json=queue).raise_for_status()
    management.publish(vhost, "orders")
    user = {"password": "x", "tags": "usecase-operator,uid.of-the-lost-one"}
    management.client.put(f"users/{vhost}.worker", json=user).raise_for_status()

    messaging(world, "restored", WORKER, rabbitmq=rabbitmq)
    refused = world.wait_condition("restored", "MessagingReady", "False", "NameConflict", timeout=30)
    assert f"vhost {vhost}, user {vhost}.worker" in refused["message"]
    for words in (
        ("update_vhost_metadata", vhost, "--tags", "usecase-operator,released"),
        ("delete_user", f"{vhost}.worker"),
    ):
        subprocess.run(["docker", "exec", rabbitmq.container, "rabbitmqctl", *words], check=True, timeout=60)
    world.wait_ready("restored", timeout=60)
    body = {"count": 5, "ackmode": "ack_requeue_true", "encoding": "auto"}
    assert len(management.client.post(f"queues/{vhost}/orders/get", json=body).json()) == 1


def test_wrong_credentials_are_told_and_their_repair_noticed(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    connect(world, rabbitmq, password="wrong")
    messaging(world, "locked", WORKER, rabbitmq=rabbitmq)
    world.wait_condition("locked", "MessagingReady", "False", "AuthenticationFailed", timeout=20)
    connect(world, rabbitmq)
    world.wait_ready("locked")


def test_a_broker_that_is_away_leaves_workloads_alone(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    messaging(world, "steady", WORKER, FRONT, rabbitmq=rabbitmq)
    world.wait_ready("steady")
    before = world.get("deployment", "steady-worker")["metadata"]["generation"]
    rabbitmq.kill()
    try:
        world.wait_condition("steady", "MessagingReady", "Unknown", "BrokerUnreachable", timeout=30)
        assert world.get("deployment", "steady-worker")["metadata"]["generation"] == before
        assert world.exists("secret", "steady-worker-amqp")
    finally:
        rabbitmq.resume()
    world.wait_ready("steady")
    assert world.get("deployment", "steady-worker")["metadata"]["generation"] == before


def test_deletion_does_not_wait_for_a_broker_beyond_its_deadline(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    policy = {"messaging": "DeleteIfEmpty", "brokerTimeoutSeconds": 10}
    messaging(world, "orphan", WORKER, rabbitmq=rabbitmq, deletionPolicy=policy)
    world.wait_ready("orphan")
    rabbitmq.kill()
    try:
        world.delete("orphan", timeout="40s")
    finally:
        rabbitmq.resume()
    assert "MessagingCleanupSkipped" in world.events("orphan")


def test_a_broker_whose_secret_went_first_is_cleaned_by_what_is_known_of_it(
    world: World, rabbitmq: Running, management: Management, admin: str
) -> None:
    messaging(world, "cut", WORKER, rabbitmq=rabbitmq)
    world.wait_ready("cut")
    world.kubectl("delete", "secret", admin)
    world.delete("cut", timeout="30s")
    assert f"{world.namespace}.cut" not in management.vhosts()


def test_deletion_does_not_wait_for_a_connection_secret_that_nobody_knows(
    world: World, rabbitmq: Running, management: Management, admin: str, operator: OperatorProcess
) -> None:
    messaging(world, "lost", WORKER, rabbitmq=rabbitmq)
    world.wait_ready("lost")
    operator.stop()
    world.kubectl("delete", "secret", admin)
    operator.start()
    world.delete("lost", timeout="30s")
    assert "MessagingCleanupSkipped" in world.events("lost")


def test_a_foreground_deletion_ends_too(world: World, rabbitmq: Running, management: Management, admin: str) -> None:
    messaging(world, "front", WORKER, FRONT, rabbitmq=rabbitmq)
    world.wait_ready("front")
    world.kubectl("delete", "usecase", "front", "--cascade=foreground", "--timeout=60s")
    assert f"{world.namespace}.front" not in management.vhosts()


@pytest.mark.parametrize("uri", ["amqp://x", "amqp://edited:known-to-me@rabbitmq/"])
def test_an_edited_secret_gets_a_new_password_that_the_broker_knows(
    world: World, rabbitmq: Running, management: Management, admin: str, uri: str
) -> None:
    messaging(world, "edited", WORKER, rabbitmq=rabbitmq)
    world.wait_ready("edited")
    before = management.client.get(f"users/{world.namespace}.edited.worker").json()["password_hash"]
    edit = json.dumps({"stringData": {"uri": uri}})
    world.kubectl("patch", "secret", "edited-worker-amqp", "--type=merge", "-p", edit)
    eventually(
        lambda: management.client.get(f"users/{world.namespace}.edited.worker").json()["password_hash"] != before,
        timeout=15,
        what="a new password in the broker",
    )
    assert amqp_uri(world, "edited-worker").startswith(f"amqp://{world.namespace}.edited.worker:")
    assert "known-to-me" not in amqp_uri(world, "edited-worker")


async def test_parts_are_stopped_in_reverse_order(
    cluster: Cluster, world: World, rabbitmq: Running, admin: str, tmp_path: Path
) -> None:
    """Who is used goes after the pods of all who use it are gone; the API server's versions tell what was first."""
    data = {"name": "data", "kind": "DataService"}
    middle = {"name": "middle", "uses": [{"component": "data", "env": "DATA"}]}
    front = {"name": "front", "uses": [{"component": "middle", "env": "MIDDLE"}], "publishes": [{"exchange": "events"}]}
    worker = {**WORKER, "uses": [{"component": "data", "env": "DATA"}], "scaling": {"replicas": 2}}
    gone: dict[tuple[str, str], int] = {}

    def seen(type_: str, obj: dict[str, Any], _: float) -> None:
        labels = obj["metadata"].get("labels", {})
        if type_ == "DELETED" and labels.get("app.kubernetes.io/instance") == "ordered":
            key = obj["kind"], labels["app.kubernetes.io/component"]
            gone[key] = max(gone.get(key, 0), int(obj["metadata"]["resourceVersion"]))

    with kwok_nodes(cluster):
        parts = [{**each, "podTemplate": PLACED} for each in (front, worker, data, middle)]
        messaging(world, "ordered", *parts, rabbitmq=rabbitmq)
        world.wait_ready("ordered")
        async with (
            api.admin(cluster, tmp_path) as session,
            api.watching(session, "Deployment", world.namespace, seen),
            api.watching(session, "Pod", world.namespace, seen),
        ):
            await asyncio.to_thread(world.delete, "ordered")
            await api.until(lambda: len(gone) == 8, 30, "every Deployment and every pod is gone")
    for user, used in (("front", "middle"), ("middle", "data"), ("worker", "data")):
        assert gone["Deployment", user] < gone["Pod", user] < gone["Deployment", used], gone
