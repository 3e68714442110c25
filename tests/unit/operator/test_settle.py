"""When a status is worth a write, and what is told of repairs."""

from dataclasses import replace

import pytest

from usecase_operator.cluster.writer import Repair
from usecase_operator.settle import repairs, urgent
from usecase_operator.status import ComponentStatus, Condition, Inventory, MessagingStatus, Status

READY = Condition("Ready", "Unknown", "Progressing", "1/2 ready", "2026-01-01T00:00:00Z", 1)
BEFORE = Status(1, "1/2", conditions=(READY,), messaging=MessagingStatus("ns.uc"))


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        pytest.param(replace(BEFORE, conditions=(replace(READY, status="True"),)), True, id="Ready turns"),
        pytest.param(replace(BEFORE, conditions=()), True, id="a condition goes"),
        pytest.param(
            replace(BEFORE, messaging=MessagingStatus("ns.uc", inventory=Inventory(queues=("q",)))),
            True,
            id="a name to remember",
        ),
        pytest.param(replace(BEFORE, conditions=(replace(READY, message="2/2"),)), False, id="a message"),
        pytest.param(replace(BEFORE, components_ready="2/2"), False, id="a count"),
        pytest.param(replace(BEFORE, components=(ComponentStatus("web", state="Ready"),)), False, id="a component"),
        pytest.param(replace(BEFORE, backlog="10-99"), False, id="a backlog"),
    ],
)
def test_what_somebody_waits_for_is_written_at_once(after: Status, wanted: bool) -> None:
    assert urgent(BEFORE, after) is wanted


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
