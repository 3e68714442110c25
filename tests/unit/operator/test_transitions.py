"""Kubernetes Events: the difference of two statuses, told once."""

from dataclasses import replace
from typing import Any

import pytest

from usecase_operator.status import BlockedOn, ComponentStatus, Condition, Replicas
from usecase_operator.transitions import KubernetesEvent, gate_events, scale_events, transitions


def condition(kind: str, status: Any, reason: str = "Because", message: str = "said") -> Condition:
    return Condition(kind, status, reason, message, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        pytest.param(None, condition("Accepted", "True"), ("Normal", "Accepted"), id="accepted"),
        pytest.param(None, condition("Ready", "True"), ("Normal", "Ready"), id="ready-at-once"),
        pytest.param(condition("Ready", "False"), condition("Ready", "True"), ("Normal", "Ready"), id="ready-again"),
        pytest.param(condition("Ready", "True"), condition("Ready", "True"), None, id="still-ready"),
        pytest.param(condition("Ready", "True"), condition("Ready", "False"), None, id="the-cause-says-it"),
        pytest.param(None, condition("MessagingReady", "True"), ("Normal", "TopologyDeclared"), id="topology"),
        pytest.param(
            condition("MessagingReady", "True"),
            condition("MessagingReady", "Unknown", "BrokerUnreachable"),
            ("Warning", "BrokerUnreachable"),
            id="broker-lost",
        ),
        pytest.param(
            condition("MessagingReady", "Unknown", "BrokerUnreachable"),
            condition("MessagingReady", "Unknown", "BrokerUnreachable", "other words"),
            None,
            id="still-lost",
        ),
        pytest.param(
            condition("MessagingReady", "True", "TopologyDeclared"),
            condition("MessagingReady", "True", "QueueRetained"),
            ("Warning", "QueueRetained"),
            id="queue-kept",
        ),
        pytest.param(
            condition("MessagingReady", "True", "QueueRetained"),
            condition("MessagingReady", "True", "TopologyDeclared"),
            None,
            id="queue-gone",
        ),
        pytest.param(None, condition("ComponentsReady", "Unknown", "RollingOut"), None, id="rolling-out-is-no-event"),
        pytest.param(
            condition("ComponentsReady", "Unknown", "RollingOut"),
            condition("ComponentsReady", "Unknown", "WaitingForDependency"),
            ("Normal", "WaitingForDependency"),
            id="gate",
        ),
        pytest.param(
            condition("ComponentsReady", "Unknown", "RollingOut"),
            condition("ComponentsReady", "False", "CrashLoopBackOff"),
            ("Warning", "CrashLoopBackOff"),
            id="crash",
        ),
        pytest.param(
            condition("ComponentsReady", "False", "CrashLoopBackOff"),
            condition("ComponentsReady", "False", "ProgressDeadlineExceeded"),
            ("Warning", "ProgressDeadlineExceeded"),
            id="another-reason",
        ),
        pytest.param(
            condition("ComponentsReady", "True"),
            condition("ComponentsReady", "False", "SuspendedBySpec"),
            None,
            id="suspended-says-it",
        ),
        pytest.param(
            None, condition("Suspended", "True", "SuspendedBySpec"), ("Normal", "SuspendedBySpec"), id="suspended"
        ),
        pytest.param(None, condition("Stalled", "True", "X"), None, id="stalled-repeats-its-cause"),
        pytest.param(None, condition("DeadLettersEmpty", "True"), None, id="empty-at-first"),
        pytest.param(
            condition("DeadLettersEmpty", "True"),
            condition("DeadLettersEmpty", "False", "DeadLettersPresent"),
            ("Warning", "DeadLettersPresent"),
            id="first-dead-letter",
        ),
        pytest.param(
            condition("DeadLettersEmpty", "False"),
            condition("DeadLettersEmpty", "True"),
            ("Normal", "DeadLettersEmpty"),
            id="dead-letters-gone",
        ),
        pytest.param(None, condition("NetworkIsolated", "Unknown", "NotVerified"), None, id="not-verified"),
    ],
)
def test_which_transitions_are_told(before: Condition | None, after: Condition, event: tuple[str, str] | None) -> None:
    found = transitions([before] if before else [], [after])

    assert [(each.type, each.reason) for each in found] == ([event] if event else [])
    assert all(each.note == after.message for each in found)


def scaled(desired: int, source: Any = "Manual", by: str | None = None) -> list[ComponentStatus]:
    return [ComponentStatus("worker", replicas=Replicas(desired=desired, source=source, by=by))]


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        pytest.param(
            scaled(2, "Spec"),
            scaled(5, by="kubectl"),
            "worker was scaled from 2 to 5 by kubectl; kept until its number in the UseCase changes",
            id="by-hand",
        ),
        pytest.param(
            scaled(5), scaled(0), "worker was scaled from 5 to 0; kept until its number in the UseCase changes", id="0"
        ),
        pytest.param(scaled(5), scaled(5), None, id="told-once"),
        pytest.param(scaled(2, "Spec"), scaled(3, "Spec"), None, id="the-spec-changed"),
        pytest.param(scaled(2, "HPA"), scaled(3, "HPA"), None, id="an-autoscaler"),
    ],
)
def test_scaling_by_hand_is_told(before: list[ComponentStatus], after: list[ComponentStatus], note: str | None) -> None:
    expected = (KubernetesEvent("Normal", "ManualScaleObserved", note),) if note else ()

    assert scale_events(before, after) == expected


def waiting(name: str, *roots: str) -> ComponentStatus:
    return ComponentStatus(name, state="Blocked", blocked_on=tuple(BlockedOn(each, "Ready") for each in roots))


def test_gates_that_open_are_told_at_once_with_what_was_waited_for() -> None:
    before = [waiting("api", "data", "store"), waiting("bot", "api"), ComponentStatus("data", state="Progressing")]
    after = [replace(before[0], state="Progressing"), before[1], replace(before[2], state="Ready")]
    (event,) = gate_events(before, after)
    assert (event.type, event.reason, event.note) == ("Normal", "DependencyReady", "api starts: data is ready")
    assert gate_events(after, after) == ()


def test_a_gate_does_not_open_by_suspending() -> None:
    before = [waiting("api", "data")]
    assert gate_events(before, [replace(before[0], state="Suspended")]) == ()
