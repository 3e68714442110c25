"""One component: what was seen → what its line in the status says."""

from dataclasses import replace
from typing import Any

import pytest

from usecase_operator.component_state import Seen, component_status, overdue, seconds_left
from usecase_operator.status import BlockedOn, ComponentStatus, Replicas
from usecase_operator.workload import Trouble, Workload
from usecases import component, make_usecase

NOW = "2026-01-01T00:10:00Z"
THEN = "2026-01-01T00:00:00Z"
CRASH = Trouble("CrashLoopBackOff", "exit 1: no database")
CHAIN = (BlockedOn("data", "Ready"), BlockedOn("store", "Ready"))


def workload(desired: int = 2, **fields: Any) -> Workload:
    whole = Workload("new", True, desired, desired, desired, desired, overdue=False, refused=None)
    return replace(whole, **fields)


def seen(found: Workload | None, **fields: Any) -> Seen:
    api = make_usecase(component("api", scaling={"replicas": 2})).spec.components[0]
    base = Seen(api, "Manual", "new", found, Replicas(from_spec=2, desired=2, source="Spec"))
    return replace(base, **fields)


QUOTA = Trouble("QuotaExceeded", "exceeded quota")
EVICTED = Trouble("Evicted", "the node was low on memory", ended=True)
NONE_NEEDED = Replicas(from_spec=0, desired=3, source="KEDA")


@pytest.mark.parametrize(
    ("given", "state", "reason", "message"),
    [
        pytest.param(seen(workload()), "Ready", "MinimumAvailable", "2/2 ready", id="fine"),
        pytest.param(seen(workload(desired=0)), "Ready", "MinimumAvailable", "0/0 ready", id="zero-is-fine"),
        pytest.param(seen(None), "Pending", "NotCreated", "its Deployment is not there yet", id="pending"),
        pytest.param(
            seen(workload(revision="old")),
            "Progressing",
            "RollingOut",
            "2/2 ready; a new revision rolls out",
            id="new-revision",
        ),
        pytest.param(
            seen(workload(settled=False)),
            "Progressing",
            "RollingOut",
            "2/2 ready; a new revision rolls out",
            id="not-settled",
        ),
        pytest.param(seen(workload(ready=1)), "Progressing", "RollingOut", "1/2 ready", id="starting"),
        pytest.param(
            seen(workload(total=3, updated=1)), "Progressing", "RollingOut", "2/2 ready", id="old-pods-still-there"
        ),
        pytest.param(seen(workload(total=3)), "Progressing", "RollingOut", "2/2 ready", id="one-old-pod-left"),
        pytest.param(
            seen(None, blocked_on=CHAIN),
            "Blocked",
            "WaitingForDependency",
            "waits for data to be ready, which waits for store",
            id="blocked-at-first",
        ),
        pytest.param(
            seen(workload(revision="old", ready=2), blocked_on=CHAIN[:1]),
            "Blocked",
            "WaitingForDependency",
            "waits for data to be ready; 2 pods of the earlier revision keep running",
            id="blocked-roll-out",
        ),
        pytest.param(
            seen(workload(), blocked_on=CHAIN), "Ready", "MinimumAvailable", "2/2 ready", id="running-pods-have-no-gate"
        ),
        pytest.param(
            seen(workload(ready=0), troubles=(CRASH,)),
            "Failed",
            "CrashLoopBackOff",
            "0/2 ready: CrashLoopBackOff: exit 1: no database",
            id="crashing",
        ),
        pytest.param(
            seen(workload(desired=3, ready=2), troubles=(CRASH,)),
            "Degraded",
            "CrashLoopBackOff",
            "2/3 ready: CrashLoopBackOff: exit 1: no database",
            id="one-of-three-crashes-two-are-asked-for",
        ),
        pytest.param(
            seen(workload(total=3, updated=1), troubles=(CRASH,)),
            "Failed",
            "CrashLoopBackOff",
            "2/2 ready: CrashLoopBackOff: exit 1: no database; pods of the earlier revision keep serving",
            id="the-new-revision-crashes",
        ),
        pytest.param(
            seen(workload(desired=5, total=5, updated=5, ready=2)),
            "Degraded",
            "FewerThanWanted",
            "2/5 ready; the others are on their way",
            id="scaled-up-by-hand",
        ),
        pytest.param(
            seen(workload(desired=5, total=2, updated=2, ready=2)),
            "Degraded",
            "FewerThanWanted",
            "2/5 ready; the others are on their way",
            id="scaled-up-just-now",
        ),
        pytest.param(
            seen(workload(desired=5, total=3, updated=3, ready=3, refused=QUOTA)),
            "Degraded",
            "QuotaExceeded",
            "3/5 ready: QuotaExceeded: exceeded quota",
            id="scaled-up-beyond-the-quota",
        ),
        pytest.param(
            seen(workload(total=3, updated=1), troubles=(EVICTED,)),
            "Progressing",
            "RollingOut",
            "2/2 ready",
            id="a-pod-that-is-over-fails-no-roll-out",
        ),
        pytest.param(
            seen(workload(ready=0, overdue=True), troubles=(EVICTED,)),
            "Failed",
            "Evicted",
            "0/2 ready: Evicted: the node was low on memory",
            id="past-the-deadline-it-is-the-reason",
        ),
        pytest.param(
            seen(workload(desired=3, ready=0), mode="Queue", replicas=NONE_NEEDED, troubles=(CRASH,)),
            "Failed",
            "CrashLoopBackOff",
            "0/3 ready: CrashLoopBackOff: exit 1: no database",
            id="all-crash-that-an-autoscaler-wants",
        ),
        pytest.param(
            seen(workload(desired=1, ready=0), mode="Queue", replicas=NONE_NEEDED),
            "Degraded",
            "FewerThanWanted",
            "0/1 ready; the others are on their way",
            id="woken-by-a-message",
        ),
        pytest.param(
            seen(workload(total=0, updated=0, ready=0, refused=QUOTA)),
            "Failed",
            "QuotaExceeded",
            "0/2 ready: QuotaExceeded: exceeded quota",
            id="quota",
        ),
        pytest.param(
            seen(workload(ready=0, overdue=True)),
            "Failed",
            "ProgressDeadlineExceeded",
            "0/2 ready, and no progress within the deadline",
            id="overdue",
        ),
        pytest.param(
            seen(workload(desired=1, total=1, updated=1, ready=1), mode="CPU"),
            "Progressing",
            "RollingOut",
            "1/2 ready",
            id="an-autoscaler-below-its-minimum",
        ),
        pytest.param(
            seen(workload(desired=0), mode="CPU"),
            "Ready",
            "MinimumAvailable",
            "0/0 ready",
            id="autoscaled-and-scaled-to-zero-by-hand",
        ),
        pytest.param(
            seen(workload(), suspended_by="spec.suspend"),
            "Suspended",
            "SuspendedBySpec",
            "stopped by spec.suspend; 2 pods are ending",
            id="suspending",
        ),
        pytest.param(
            seen(None, suspended_by="spec.suspend"),
            "Suspended",
            "SuspendedBySpec",
            "stopped by spec.suspend",
            id="suspended",
        ),
    ],
)
def test_the_state(given: Seen, state: str, reason: str, message: str) -> None:
    found = component_status(given, None, NOW)

    assert (found.state, found.reason, found.message) == (state, reason, message)


def test_the_line_tells_numbers_and_what_holds_the_component() -> None:
    found = component_status(seen(workload(revision="old", ready=1), blocked_on=CHAIN), None, NOW)

    assert found.blocked_on == CHAIN
    assert found.replicas == Replicas(from_spec=2, desired=2, ready=1, updated=2, source="Spec")
    assert (found.name, found.kind, found.scaling_mode) == ("api", "API", "Manual")


def test_since_stays_while_the_state_does() -> None:
    failed = component_status(seen(workload(ready=0), troubles=(CRASH,)), None, THEN)
    worse = component_status(seen(workload(ready=0), troubles=(Trouble("ImagePullBackOff", ""),)), failed, NOW)
    fine = component_status(seen(workload()), failed, NOW)

    assert (worse.since, fine.since) == (THEN, NOW)


def test_a_suspended_component_remembers_its_mode() -> None:
    was = ComponentStatus("api", state="Ready", scaling_mode="CPU")

    assert component_status(seen(None, suspended_by="spec.suspend"), was, NOW).scaling_mode == "CPU"


@pytest.mark.parametrize(
    ("state", "left"),
    [
        pytest.param("Blocked", -300.0, id="a-gate"),
        pytest.param("Failed", -300.0, id="a-crash"),
        pytest.param("Ready", None, id="ready-has-no-deadline"),
        pytest.param("Suspended", None, id="suspended-has-no-deadline"),
    ],
)
def test_only_what_is_not_up_has_a_deadline(state: Any, left: float | None) -> None:
    status = ComponentStatus("api", state=state, since=THEN)

    assert seconds_left(status, 300, NOW) == left
    assert overdue(status, 300, NOW) == (left is not None)
    assert not overdue(status, 601, NOW)
