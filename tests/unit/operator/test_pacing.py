"""When a status is worth a write."""

from dataclasses import replace
from typing import Any

import pytest

from usecase_operator.pacing import LONGEST_SETTLED, PAUSES, Pace, pause, urgent
from usecase_operator.status import ComponentStatus, Condition, Inventory, MessagingStatus, Replicas, Status

READY = Condition("Ready", "Unknown", "Progressing", "1/2 ready", "2026-01-01T00:00:00Z", 1)


def web(**replicas: Any) -> ComponentStatus:
    return ComponentStatus("web", replicas=Replicas(**{"from_spec": 1, "desired": 1, "source": "HPA"} | replicas))


BEFORE = Status(1, "1/2", conditions=(READY,), components=(web(),), messaging=MessagingStatus("ns.uc"))


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
        pytest.param(replace(BEFORE, components=(replace(web(), state="Ready"),)), False, id="a component"),
        pytest.param(replace(BEFORE, backlog="10-99"), False, id="a backlog"),
        pytest.param(replace(BEFORE, components=(web(from_spec=3),)), True, id="a number of the spec made true"),
        pytest.param(replace(BEFORE, components=(web(desired=5, source="Manual"),)), True, id="a number by hand"),
        pytest.param(replace(BEFORE, components=(web(desired=5, source="HPA"),)), False, id="an autoscaler's number"),
    ],
)
def test_what_somebody_waits_for_is_written_at_once(after: Status, wanted: bool) -> None:
    assert urgent(BEFORE, after) is wanted


def rolls(message: str, **ready: Any) -> Status:
    return replace(BEFORE, conditions=(replace(READY, message=message, **ready),))


def written(changes: list[tuple[float, Status]]) -> list[float]:
    """When *changes* are written, each a moment and the status from then on; a pass comes back when one is due."""
    pace, before, moments = Pace(), Status(), []
    for (moment, after), (until, _) in zip(changes, [*changes[1:], (float("inf"), BEFORE)], strict=True):
        due = moment + pace.wait(before, after, moment)
        if due < until:
            moments.append(due)
            pace.wrote(before, after, due)
            before = after
    return moments


def test_a_roll_out_is_written_ever_less_often() -> None:
    ticks = [(float(second), rolls(f"{second} s")) for second in range(300)]
    assert written(ticks) == [0, 2, 6, 14, 29, 59, 119, 179, 239, 299]


@pytest.mark.parametrize(
    ("told", "after"),
    [
        pytest.param("RollingOut", rolls("no node fits", reason="Unschedulable"), id="another reason"),
        pytest.param("RollingOut", rolls("backlog", status="True", reason="RollingOut"), id="Ready"),
        pytest.param("Failed", rolls("exit code 2", status="False", reason="Failed"), id="a person is needed"),
    ],
)
def test_the_cause_of_a_wait_is_never_old(told: str, after: Status) -> None:
    before = rolls("1/2", status=after.conditions[0].status, reason=told)
    assert not urgent(before, after)
    assert pause(len(PAUSES) - 1, before, after) == LONGEST_SETTLED


def test_what_turns_is_written_at_once_and_pauses_begin_anew() -> None:
    up = rolls("2/2", status="True")
    again = [(moment, rolls(f"{moment}", status="True")) for moment in (21.0, 22.0, 30.0)]
    late = [(0.0, rolls("0/2")), (1.0, rolls("1/2")), (20.0, up), *again]
    assert written(late) == [0, 2, 20, 22, 30]
