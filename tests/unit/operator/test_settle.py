"""What is told of repairs, and how a resource that cannot be read is settled."""

from typing import Any

import pytest

from unit.operator.test_reconcile import World
from usecase_operator.broker.brokers import Brokers
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.resource import FINALIZER
from usecase_operator.cluster.secrets import Secret
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.cluster.writer import Repair
from usecase_operator.model import UseCase
from usecase_operator.offline import admitted
from usecase_operator.settle import Settler, repairs
from usecase_operator.work import Dirty
from usecases import UID, body, schema


def test_a_field_that_was_put_back_is_told_with_who_changed_it() -> None:
    repair = Repair("Service", "x-web", ("spec.selector",), ("kubectl-edit",))
    (event,) = repairs((repair,), ())
    assert (event.type, event.reason) == ("Warning", "FieldConflict")
    assert event.note == "Service x-web: spec.selector changed by kubectl-edit; put back"


def test_a_child_that_was_deleted_is_told() -> None:
    (event,) = repairs((Repair("Service", "x-web", restored=True),), ())
    assert (event.reason, event.note) == ("ChildRestored", "Service x-web was deleted; made again")


def test_a_child_that_is_made_is_no_news() -> None:
    assert repairs((Repair("Service", "x-web"),), ()) == []


def test_what_was_put_back_in_the_broker_is_told_at_once() -> None:
    (event,) = repairs((), ("queue a", "user b"))
    assert (event.reason, event.note) == ("TopologyRepaired", "put back in the broker: queue a, user b")


class Kept:
    """What was written to the resource and told of it."""

    def __init__(self) -> None:
        self.resource = self.events = self
        self.statuses: list[dict[str, Any]] = []
        self.told: list[str] = []
        self.released = False

    def children(self, usecase: UseCase) -> dict[Any, Any]:
        return {}

    def pods(self, usecase: UseCase, component: str) -> int:
        return 0

    async def secrets(self, usecase: UseCase) -> dict[str, Any]:
        return {}

    async def write_status(self, usecase: UseCase, status: dict[str, Any]) -> None:
        self.statuses.append(status)

    async def post(self, usecase: UseCase, type_: str, reason: str, note: str) -> None:
        self.told.append(reason)

    async def let_go(self, usecase: UseCase) -> None:
        self.released = True


async def settled(**metadata: Any) -> Kept:
    """One pass over a resource of another version, which has made a queue."""
    kept, dirty = Kept(), Dirty()
    usecases = UseCases(dirty.add)
    found = admitted(body(), schema())
    found["metadata"] |= {"resourceVersion": "1", **metadata}
    del found["spec"]["components"][0]["name"]
    found["status"] = {"observedGeneration": 1, "messaging": {"vhost": "v", "inventory": {"queues": ["q"]}}}
    usecases.put(found)
    await Settler(usecases, kept, Brokers(lambda: None, lambda _: None), dirty).settle(UID)  # type: ignore[arg-type]
    return kept


async def test_a_spec_that_cant_be_read_is_said() -> None:
    kept = await settled()
    (status,) = kept.statuses
    conditions = {each["type"]: each for each in status["conditions"]}
    assert (conditions["Accepted"]["status"], conditions["Accepted"]["reason"]) == ("False", "InvalidSpec")
    assert "spec.components[0].name" in conditions["Accepted"]["message"]
    assert conditions["Stalled"]["status"] == "True"
    assert status["messaging"]["inventory"] == {"queues": ["q"]}, "what was made is not forgotten"


async def test_a_spec_that_cant_be_read_holds_no_deletion() -> None:
    kept = await settled(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=[FINALIZER])
    assert kept.released
    assert kept.told == ["MessagingCleanupSkipped"]


class Place(World):
    """A cluster that also holds the resource."""

    def __init__(self) -> None:
        super().__init__()
        self.resource = self.events = self
        self.done: list[str] = []

    async def write_status(self, usecase: UseCase, status: dict[str, Any]) -> None:
        self.done.append("status")

    async def post(self, usecase: UseCase, type_: str, reason: str, note: str) -> None:
        return None

    async def remove_finalizer(self, usecase: UseCase) -> None:
        self.done.append("finalizer")


MADE = {"connection": {"secretName": "broker", "port": 5672}, "inventory": {"queues": ["q"]}}


@pytest.mark.parametrize(
    ("status", "done"),
    [
        pytest.param({}, ["status", "finalizer"], id="nothing-is-left"),
        pytest.param({"messaging": MADE}, ["status"], id="the-broker-can't-be-reached"),
    ],
)
async def test_a_resource_that_left_its_broker_is_held_no_longer(status: dict[str, Any], done: list[str]) -> None:
    place, dirty = Place(), Dirty()
    place.known_secrets = {"broker": Secret({}, {"managementUri": "aHR0cDovL3g="})}  # and no password
    usecases = UseCases(dirty.add)
    found = admitted(body(infrastructure={}, messaging={}), schema())
    found["metadata"] |= {"resourceVersion": "1", "finalizers": [FINALIZER]}
    found["status"] = {"observedGeneration": 1, **status}
    usecases.put(found)
    await Settler(usecases, place, Brokers(lambda: None, lambda _: None), dirty).settle(UID)  # type: ignore[arg-type]
    assert place.done == done


async def test_a_policy_that_refuses_the_finalizer_is_told() -> None:
    kept, dirty = Kept(), Dirty()

    async def refused(usecase: UseCase, version: str) -> None:
        raise ApiError(422, "Invalid", "policy house-rules denied the request: nobody changes this")

    kept.add_finalizer = refused  # type: ignore[attr-defined]
    usecases = UseCases(dirty.add)
    found = admitted(body(), schema())
    found["metadata"] |= {"resourceVersion": "1"}
    usecases.put(found)
    await Settler(usecases, kept, Brokers(lambda: None, lambda _: None), dirty).settle(UID)  # type: ignore[arg-type]
    (status,) = kept.statuses
    (accepted,) = [each for each in status["conditions"] if each["type"] == "Accepted"]
    assert (accepted["status"], accepted["reason"]) == ("False", "ApplyRefused")
    assert "house-rules" in accepted["message"]
