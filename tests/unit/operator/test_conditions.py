"""What a pass found out → the conditions that people, Helm and Argo CD read."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator import reasons
from usecase_operator.conditions import MESSAGE_LIMIT, Finding, Outcome, conditions, merged, ready_count
from usecase_operator.errors import Retry, Stuck
from usecase_operator.model import UseCase
from usecase_operator.status import ComponentStatus, Condition, Status
from usecase_operator.workload import Trouble
from usecases import component, make_usecase

NOW = "2026-01-01T01:00:00Z"
THEN = "2026-01-01T00:00:00Z"
JUST = "2026-01-01T00:59:00Z"


def status(name: str = "api", state: Any = "Ready", since: str = JUST, **fields: Any) -> ComponentStatus:
    given = {"reason": "RollingOut", "message": "1/2 ready"} | fields
    return ComponentStatus(name, state=state, since=since, **given)


FINE = Outcome("done", "done", "done", (status(),), dead_letters=0)
CRASH = status("data", "Failed", reason="CrashLoopBackOff", message="0/2 ready: CrashLoopBackOff: exit 1")
BLOCKED = status("api", "Blocked", reason="WaitingForDependency", message="waits for data to be ready")
UNREACHABLE = Retry(reasons.BROKER_UNREACHABLE, "RabbitMQ does not answer; trying again")
IMMUTABLE = Stuck(reasons.IMMUTABLE_QUEUE_CHANGED, "queue jobs: arguments differ")


def shop(**spec: Any) -> UseCase:
    return make_usecase(component("worker", "Worker"), **spec)


def told(usecase: UseCase, outcome: Outcome, previous: Status | None = None) -> dict[str, Condition]:
    return {each.type: each for each in conditions(usecase, outcome, previous or Status(), NOW)}


def test_all_is_well() -> None:
    found = told(shop(), FINE)

    assert {kind: (each.status, each.reason) for kind, each in found.items()} == {
        "Ready": ("True", "AllReady"),
        "Accepted": ("True", "Valid"),
        "CredentialsReady": ("True", "CredentialsInPlace"),
        "MessagingReady": ("True", "TopologyDeclared"),
        "ComponentsReady": ("True", "ComponentsUp"),
        "NetworkIsolated": ("Unknown", "NotVerified"),
        "DeadLettersEmpty": ("True", "NoDeadLetters"),
    }
    assert next(iter(found)) == "Ready"


def test_a_use_case_without_messaging_says_nothing_of_it() -> None:
    plain = make_usecase(component("api"), messaging={}, infrastructure={})

    assert list(told(plain, FINE)) == ["Ready", "Accepted", "ComponentsReady", "NetworkIsolated"]


@pytest.mark.parametrize(
    ("changes", "ready", "kstatus"),
    [
        pytest.param({}, ("True", "AllReady"), None, id="fine"),
        pytest.param(
            {"accepted": Stuck(reasons.DEPENDENCY_CYCLE, "a → b → a")},
            ("False", "DependencyCycle"),
            ("Stalled", "DependencyCycle", "a → b → a"),
            id="a-spec-that-can-not-work",
        ),
        pytest.param(
            {"accepted": Retry(reasons.SECRET_NOT_FOUND, "Secret pg is missing: create it")},
            ("False", "SecretNotFound"),
            None,
            id="a-person-must-act-and-then-it-goes-on",
        ),
        pytest.param(
            {"messaging": UNREACHABLE},
            ("Unknown", "BrokerUnreachable"),
            ("Reconciling", "Progressing", UNREACHABLE.message),
            id="broker-down",
        ),
        pytest.param(
            {"messaging": IMMUTABLE},
            ("False", "ImmutableQueueChanged"),
            ("Stalled", "ImmutableQueueChanged", IMMUTABLE.message),
            id="immutable-queue",
        ),
        pytest.param(
            {"components": (status(state="Progressing"),)},
            ("Unknown", "RollingOut"),
            ("Reconciling", "Progressing", "0/1 ready; api: 1/2 ready"),
            id="rolling-out",
        ),
        pytest.param(
            {"components": (BLOCKED, status("data", "Progressing", message="0/1 ready"))},
            ("Unknown", "RollingOut"),
            (
                "Reconciling",
                "Progressing",
                "0/2 ready; data: 0/1 ready; api: waits for data to be ready",
            ),
            id="the-root-before-those-that-wait",
        ),
        pytest.param({"components": (BLOCKED, CRASH)}, ("False", "CrashLoopBackOff"), None, id="crashing"),
        pytest.param(
            {"components": (BLOCKED, replace(CRASH, since=THEN))},
            ("False", "CrashLoopBackOff"),
            (
                "Stalled",
                "ProgressDeadlineExceeded",
                "data: 0/2 ready: CrashLoopBackOff: exit 1; waiting: api",
            ),
            id="crashing-for-too-long",
        ),
        pytest.param(
            {"components": (replace(BLOCKED, since=THEN),)},
            ("False", "ProgressDeadlineExceeded"),
            (
                "Stalled",
                "ProgressDeadlineExceeded",
                "no progress for 600 s: api: waits for data to be ready",
            ),
            id="a-gate-past-its-deadline",
        ),
        pytest.param(
            {"messaging": UNREACHABLE, "components": (replace(BLOCKED, since=THEN),)},
            ("False", "BrokerUnreachable"),
            (
                "Stalled",
                "ProgressDeadlineExceeded",
                "BrokerUnreachable: RabbitMQ does not answer; trying again; "
                "no progress for 600 s: api: waits for data to be ready",
            ),
            id="held-up-by-the-broker-past-the-deadline",
        ),
        pytest.param({"components": (status(state="Degraded"),)}, ("True", "AllReady"), None, id="degraded-works"),
        pytest.param({"components": ()}, ("Unknown", "NotCreated"), ("Reconciling", "Progressing", None), id="nothing"),
        pytest.param({"deleting": True}, ("False", "Deleting"), ("Reconciling", "Deleting", None), id="deleting"),
        pytest.param({"dead_letters": 3}, ("True", "AllReady"), None, id="dead-letters-do-not-gate"),
        pytest.param(
            {"messaging": UNREACHABLE, "components": (CRASH,)},
            ("False", "BrokerUnreachable"),
            ("Reconciling", "Progressing", UNREACHABLE.message),
            id="what-lies-below-is-told-first",
        ),
    ],
)
def test_ready_and_what_waiters_go_by(
    changes: dict[str, Any], ready: tuple[str, str], kstatus: tuple[str, str, str | None] | None
) -> None:
    found = told(shop(), replace(FINE, **changes))

    assert (found["Ready"].status, found["Ready"].reason) == ready
    waited = [each for each in found.values() if each.type in ("Stalled", "Reconciling")]
    if kstatus is None:
        assert waited == []
    else:
        assert [(each.type, each.status, each.reason) for each in waited] == [(kstatus[0], "True", kstatus[1])]
        assert kstatus[2] in (None, waited[0].message)


def test_a_suspended_use_case_is_not_ready_and_nobody_works_on_it() -> None:
    stopped = replace(FINE, components=(status(state="Suspended"),))
    found = told(shop(suspend=True), stopped)

    assert (found["Suspended"].status, found["Ready"].status) == ("True", "False")
    assert found["Ready"].reason == "SuspendedBySpec"
    assert not {"Reconciling", "Stalled"} & set(found)


@pytest.mark.parametrize(("value", "stops"), [("true", True), ("false", False)])
def test_an_annotation_stops_a_use_case_without_a_change_of_its_spec(value: str, stops: bool) -> None:
    usecase = shop()
    noted = replace(usecase, metadata=replace(usecase.metadata, annotations={"usecase.dev/paused": value}))

    found = told(noted, FINE)

    assert ("Suspended" in found) == stops
    assert not stops or found["Ready"].reason == found["Suspended"].reason == "SuspendedByAnnotation"


def test_a_foreign_autoscaler_is_told_where_nobody_asked_for_one() -> None:
    conflict = Trouble(reasons.AUTOSCALER_CONFLICT, "web: HorizontalPodAutoscaler theirs scales its Deployment too")

    assert "ScalingActive" not in told(shop(), FINE)
    assert told(shop(), replace(FINE, scaling=(conflict,)))["ScalingActive"].reason == "AutoscalerConflict"


def test_a_step_that_was_not_reached_keeps_what_was_known() -> None:
    known = Status(conditions=(Condition("MessagingReady", "True", "TopologyDeclared", "as declared", THEN, 2),))
    broken = replace(
        FINE, accepted=Stuck(reasons.INVALID_SPEC, "x"), messaging="not reached", credentials="not reached"
    )

    found = told(shop(), broken, known)

    assert (found["MessagingReady"].status, found["MessagingReady"].last_transition_time) == ("True", THEN)
    assert found["CredentialsReady"].status == "Unknown"


def test_what_was_retained_is_said_though_messaging_is_ready() -> None:
    found = told(shop(), replace(FINE, retained="queue old holds messages; remove it by …"))["MessagingReady"]

    assert (found.status, found.reason) == ("True", "QueueRetained")
    assert found.message.startswith("queue old holds messages")


@pytest.mark.parametrize(
    ("reason", "status_"),
    [
        ("EngineMissing", "False"),
        ("AutoscalerConflict", "False"),
        ("ScaledToZero", "False"),
        ("MetricsUnavailable", "Unknown"),
    ],
)
def test_troubles_of_autoscalers_do_not_hold_up_ready(reason: str, status_: str) -> None:
    scaled = make_usecase(component("api", scaling={"mode": "CPU", "max": 3}))
    found = told(scaled, replace(FINE, scaling=(Trouble(reason, "api: because"),)))

    assert (found["ScalingActive"].status, found["ScalingActive"].reason) == (status_, reason)
    assert found["Ready"].status == "True"


def test_autoscalers_that_work_are_said_to() -> None:
    scaled = make_usecase(component("api", scaling={"mode": "CPU", "max": 3}))

    assert told(scaled, FINE)["ScalingActive"].status == "True"


def test_isolation_that_is_off_is_said_to_be() -> None:
    found = told(shop(isolation={"networkPolicy": "Off"}), FINE)["NetworkIsolated"]

    assert (found.status, found.reason) == ("False", "Disabled")


def test_the_transition_time_moves_with_the_status_only() -> None:
    before = (Condition("Accepted", "False", "SecretNotFound", "a", THEN, 1),)

    [same] = merged([Finding("Accepted", "False", "NameConflict", "b")], before, 2, NOW)
    [other] = merged([Finding("Accepted", "True", "Valid", "c")], before, 2, NOW)

    assert (same.last_transition_time, same.reason, same.observed_generation) == (THEN, "NameConflict", 2)
    assert other.last_transition_time == NOW


def test_messages_are_cut() -> None:
    [found] = merged([Finding("Accepted", "False", "InvalidSpec", "x" * 5000)], (), 1, NOW)

    assert (len(found.message), found.message[-1]) == (MESSAGE_LIMIT, "…")


def test_components_are_counted_by_who_does_its_work() -> None:
    assert ready_count((status(), status(state="Degraded"), CRASH)) == "2/3"


steps = st.sampled_from(["done", "not reached", UNREACHABLE, IMMUTABLE, Retry(reasons.NAME_CONFLICT, "m")])
states = st.sampled_from(["Pending", "Blocked", "Progressing", "Ready", "Degraded", "Failed", "Suspended"])
outcomes = st.builds(
    Outcome,
    accepted=steps,
    credentials=steps,
    messaging=steps,
    components=st.lists(states.map(lambda state: status(state=state)), max_size=3).map(tuple),
    dead_letters=st.none() | st.integers(0, 5),
    deleting=st.booleans(),
)


@given(outcome=outcomes, suspend=st.booleans())
def test_ready_follows_from_the_others_and_a_second_look_changes_nothing(outcome: Outcome, suspend: bool) -> None:
    usecase = shop(suspend=suspend)
    first = conditions(usecase, outcome, Status(), NOW)
    found = {each.type: each.status for each in first}
    gating = ("Accepted", "CredentialsReady", "MessagingReady", "ComponentsReady")

    all_true = all(found[kind] == "True" for kind in gating) and not suspend and not outcome.deleting
    assert (found["Ready"] == "True") == all_true
    assert not {"Stalled", "Reconciling"} <= set(found)
    assert conditions(usecase, outcome, Status(conditions=first), "2026-01-01T01:00:09Z") == first
