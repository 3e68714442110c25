"""The end of a use case: in reverse order, and never for ever."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from usecase_operator import reasons
from usecase_operator.broker.emptiness import Kept
from usecase_operator.cluster.children import Child
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.secrets import Secret
from usecase_operator.errors import Retry
from usecase_operator.model import UseCase
from usecase_operator.status import BrokerConnection, Inventory, MessagingStatus, Status
from usecase_operator.teardown import LOOK_AGAIN, tear_down
from usecase_operator.topology.objects import Topology, Vhost
from usecase_operator.topology.ownership import RELEASED, mark
from usecases import UID, component, make_usecase

BEGAN = "2026-01-01T00:00:00Z"
MADE = Status(1, messaging=MessagingStatus("prod.shop", inventory=Inventory(queues=("jobs",))))


class World:
    """A cluster with a Deployment for each name; deleted ones leave pods until `stopped`."""

    def __init__(self, *running: str) -> None:
        self.objects = {("Deployment", f"shop-{name}"): Child("u", "prod", 1, None, b"") for name in running}
        self.objects["HorizontalPodAutoscaler", "shop-front"] = Child("h", "prod", 1, None, b"")
        self.pod_counts = dict.fromkeys(running, 1)
        self.deleted: list[str] = []
        self.secret: Secret | None = None

    def children(self, usecase: UseCase) -> Any:
        return self.objects

    def pods(self, usecase: UseCase, component: str) -> int:
        return self.pod_counts.get(component, 0)

    async def secrets(self, usecase: UseCase) -> Any:
        return {"admin": self.secret} if self.secret else {}

    async def delete(self, key: tuple[str, str], child: Child) -> None:
        self.deleted.append("/".join(key))
        del self.objects[key]


class SilentBroker:
    """Takes every question and never answers."""

    async def of(self, connection: Any, vhost: str) -> Any:
        await asyncio.Event().wait()

    async def release(self, vhost: str) -> None:
        return None

    def known(self, vhost: str) -> None:
        return None


class ForgetfulBroker:
    """Its one queue can't be counted, ever. *kept*: what it says of it."""

    administrator = "admin"

    def __init__(self, kept: Kept) -> None:
        self.released = frozenset[str]()
        self._kept = kept

    async def of(self, connection: Any, vhost: str) -> Any:
        return self

    async def observe(self, vhost: str, *, fresh: bool = False) -> Topology:
        return Topology(Vhost(vhost, mark(UID), "theirs"))

    async def drop(self, plan: Any, found: Topology, policy: str) -> list[Kept]:
        return [self._kept]

    async def put_vhost(self, vhost: Vhost) -> None:
        self.released = vhost.tags

    async def release(self, vhost: str) -> None:
        return None

    def known(self, vhost: str) -> None:
        return None


class NoBroker:
    async def of(self, connection: Any, vhost: str) -> Any:
        raise Retry(reasons.BROKER_UNREACHABLE, "RabbitMQ does not answer")

    async def release(self, vhost: str) -> None:
        return None

    def known(self, vhost: str) -> None:
        return None


def deleting(**spec: Any) -> UseCase:
    usecase = make_usecase(
        component("front", "API", uses=[{"component": "back", "env": "BACK"}]), component("back", "API"), **spec
    )
    return replace(usecase, metadata=replace(usecase.metadata, deletion_timestamp=BEGAN))


async def test_who_uses_is_stopped_before_who_is_used() -> None:
    world = World("front", "back")
    first = await tear_down(deleting(), MADE, world, NoBroker(), BEGAN)
    assert world.deleted == ["HorizontalPodAutoscaler/shop-front", "Deployment/shop-front"]
    assert not first.done
    await tear_down(deleting(), MADE, world, NoBroker(), BEGAN)
    assert len(world.deleted) == 2, "its pods still end"
    world.pod_counts["front"] = 0
    await tear_down(deleting(), MADE, world, NoBroker(), BEGAN)
    assert world.deleted[2:] == ["Deployment/shop-back"]


async def test_what_an_orphaning_deletion_shall_leave_is_left_whole() -> None:
    usecase, world = deleting(), World("front", "back")
    orphaned = replace(usecase, metadata=replace(usecase.metadata, finalizers=("orphan",)))
    ended = await tear_down(orphaned, MADE, world, NoBroker(), BEGAN)
    assert (ended.done, world.deleted) == (True, [])
    assert "rabbitmqctl delete_vhost prod.shop" in ended.events[0].note


async def test_pods_that_are_gone_already_are_no_obstacle() -> None:
    world = World()
    ended = await tear_down(deleting(), Status(), world, NoBroker(), BEGAN)
    assert ended.done


@pytest.mark.parametrize(
    ("now", "done"),
    [
        pytest.param("2026-01-01T00:00:09Z", False, id="within the deadline"),
        pytest.param("2026-01-01T00:00:10Z", True, id="past it"),
    ],
)
async def test_a_broker_that_is_gone_is_waited_for_until_the_deadline(now: str, done: bool) -> None:
    usecase = deleting(deletionPolicy={"brokerTimeoutSeconds": 10})
    ended = await tear_down(usecase, MADE, World(), NoBroker(), now)
    assert ended.done is done
    assert [each.reason for each in ended.events] == (["MessagingCleanupSkipped"] if done else [])


def with_admin(**spec: Any) -> tuple[UseCase, World]:
    """A deleted use case whose connection Secret is there."""
    connection = {"connectionSecretRef": {"name": "admin"}, "reach": {"cidrs": ["10.0.0.0/8"]}}
    world = World()
    simple = dict.fromkeys(("amqpHost", "username", "password"), "eA==")
    world.secret = Secret({}, {"managementUri": "aHR0cDovL3g=", **simple})
    return deleting(infrastructure={"rabbitmq": connection}, **spec), world


async def test_an_answer_that_never_comes_does_not_hold_the_resource_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usecase_operator.teardown.LAST_TRY", 0.05)
    usecase, world = with_admin(deletionPolicy={"brokerTimeoutSeconds": 10})
    async with asyncio.timeout(5):
        ended = await tear_down(usecase, MADE, world, SilentBroker(), "2026-01-01T00:00:10Z")
    assert ended.done
    assert [each.reason for each in ended.events] == ["MessagingCleanupSkipped"]


def mute(waited: float) -> Kept:
    return Kept("jobs", "it does not answer", known=False, waited=waited)


def full(waited: float) -> Kept:
    return Kept("jobs", "it holds 1 messages", waited=waited)


@pytest.mark.parametrize(
    ("kept", "done"),
    [
        pytest.param(mute(29), False, id="it may be counted yet"),
        pytest.param(mute(30), True, id="it stays"),
        pytest.param(full(9), False, id="counted before its consumer ended, perhaps"),
        pytest.param(full(10), True, id="counted since"),
    ],
)
async def test_a_queue_that_cant_be_counted_stays_in_the_end(kept: Kept, done: bool) -> None:
    broker = ForgetfulBroker(kept)
    usecase, world = with_admin()
    ended = await tear_down(usecase, MADE, world, broker, "2026-01-01T00:01:00Z")
    assert ended.done is done
    assert [each.reason for each in ended.events] == (["QueueRetained"] if done else [])
    assert (RELEASED in broker.released) is done


async def test_a_move_to_another_broker_that_was_never_reached_leaves_word_of_the_old_one() -> None:
    usecase, world = with_admin()
    assert MADE.messaging
    before = replace(MADE, messaging=replace(MADE.messaging, connection=BrokerConnection("former", 5672)))
    ended = await tear_down(usecase, before, world, ForgetfulBroker(full(10)), "2026-01-01T00:01:00Z")
    assert [each.reason for each in ended.events] == ["QueueRetained", "MessagingCleanupSkipped"]
    assert "Secret former" in ended.events[1].note


async def test_a_message_may_take_as_long_as_the_spec_promises_it() -> None:
    """Whoever works on it loses neither its user nor its pod to the deadline of the broker."""
    worker = component("worker", "Worker", consumes=[{"queue": "jobs", "maxProcessingSeconds": 1800}])
    usecase = make_usecase(worker, messaging={"queues": [{"name": "jobs"}]})
    usecase = replace(usecase, metadata=replace(usecase.metadata, deletion_timestamp=BEGAN))
    working = await tear_down(usecase, MADE, World("worker"), NoBroker(), "2026-01-01T00:29:00Z")
    assert (working.done, working.waiting_for) == (False, "worker to stop")
    overdue = await tear_down(usecase, MADE, World("worker"), NoBroker(), "2026-01-01T00:32:00Z")
    assert overdue.done


async def test_pods_that_outlast_the_brokers_deadline_leave_time_to_count() -> None:
    worker = component("worker", "Worker", consumes=[{"queue": "jobs", "maxProcessingSeconds": 1800}])
    usecase, world = with_admin()
    usecase = replace(usecase, spec=replace(usecase.spec, components=make_usecase(worker).spec.components))
    ended = await tear_down(usecase, MADE, world, ForgetfulBroker(full(0)), "2026-01-01T00:29:00Z")
    assert (ended.done, ended.again) == (False, LOOK_AGAIN)


async def test_a_connection_secret_that_is_gone_is_not_waited_for_long() -> None:
    ended = await tear_down(deleting(), MADE, World(), NoBroker(), "2026-01-01T00:00:20Z")
    assert ended.done
    assert "rabbitmqctl delete_vhost prod.shop" in ended.events[0].note


async def test_a_pod_that_never_ends_does_not_hold_the_resource_for_ever() -> None:
    world = World("front")
    ended = await tear_down(deleting(), Status(), world, NoBroker(), "2026-01-01T01:00:00Z")
    assert ended.done


@pytest.mark.parametrize(("now", "held"), [("2026-01-01T00:00:30Z", True), ("2026-01-01T00:05:00Z", False)])
async def test_an_object_that_may_not_be_deleted_holds_the_resource_until_the_deadline_only(
    now: str, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The later of two: that of the broker is short here, and pods may need longer to end."""

    async def refused(self: World, key: tuple[str, str], child: Child) -> None:
        raise ApiError(403, "Forbidden", "a webhook refuses")

    monkeypatch.setattr(World, "delete", refused)
    usecase = deleting(deletionPolicy={"brokerTimeoutSeconds": 10})
    with pytest.raises(ApiError) if held else nullcontext():
        assert (await tear_down(usecase, Status(), World("front"), NoBroker(), now)).done
