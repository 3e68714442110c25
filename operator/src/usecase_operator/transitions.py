"""The difference of two statuses → Kubernetes Events. On transitions only: a state that lasts is told once.

Which transitions are worth an Event is a table; `settle` posts what comes out. The message of a condition may change
without one: a queue of Events is no log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from usecase_operator import reasons
from usecase_operator.component_state import HELD
from usecase_operator.status import ComponentStatus, Condition

EventType = Literal["Normal", "Warning"]


@dataclass(frozen=True, slots=True)
class KubernetesEvent:
    type: EventType
    reason: str
    note: str


GOOD_NEWS = {
    reasons.ACCEPTED: reasons.ACCEPTED,
    reasons.MESSAGING_READY: reasons.TOPOLOGY_DECLARED,
    reasons.SCALING_ACTIVE: reasons.SCALING_ACTIVE,
    reasons.DEAD_LETTERS_EMPTY: reasons.DEAD_LETTERS_EMPTY,
    reasons.READY: reasons.READY,
}
"""Conditions whose turn to True is told, and by which reason."""

AT_FIRST = frozenset({reasons.ACCEPTED, reasons.MESSAGING_READY, reasons.READY})
"""Good news that is told of a new use case too."""

BAD_NEWS = frozenset(
    {
        reasons.ACCEPTED,
        reasons.CREDENTIALS_READY,
        reasons.MESSAGING_READY,
        reasons.COMPONENTS_READY,
        reasons.SCALING_ACTIVE,
        reasons.DEAD_LETTERS_EMPTY,
    }
)
"""Conditions whose turn to False is told. `Ready` and `Stalled` repeat one of them."""

WHILE_UNKNOWN: dict[str, EventType] = {
    reasons.WAITING_FOR_DEPENDENCY: "Normal",
    reasons.BROKER_UNREACHABLE: "Warning",
    reasons.API_UNAVAILABLE: "Warning",
    reasons.METRICS_UNAVAILABLE: "Warning",
    reasons.PRECONDITION_FAILED: "Warning",
}
"""Reasons that are told though the operator is still trying."""


SUSPENSIONS = (reasons.SUSPENDED_BY_SPEC, reasons.SUSPENDED_BY_ANNOTATION)
"""What somebody asked for is no bad news."""


def transitions(before: Iterable[Condition], after: Iterable[Condition]) -> tuple[KubernetesEvent, ...]:
    """What became different between two lists of conditions, as far as it is worth telling."""
    known = {each.type: each for each in before}
    changed = (each for each in after if _differs(known.get(each.type), each))
    return tuple(event for each in changed if (event := _event(each, known.get(each.type))))


def _differs(before: Condition | None, after: Condition) -> bool:
    return before is None or (before.status, before.reason) != (after.status, after.reason)


def _event(condition: Condition, before: Condition | None) -> KubernetesEvent | None:
    if condition.type == reasons.SUSPENDED:
        return KubernetesEvent("Normal", condition.reason, condition.message)
    if condition.reason == reasons.QUEUE_RETAINED:
        return KubernetesEvent("Warning", condition.reason, condition.message)
    if condition.status == "True":
        return _good_news(condition, before)
    if condition.status == "False":
        told = condition.type in BAD_NEWS and condition.reason not in SUSPENSIONS
        return KubernetesEvent("Warning", condition.reason, condition.message) if told else None
    told_type = WHILE_UNKNOWN.get(condition.reason) if condition.type in BAD_NEWS else None
    return KubernetesEvent(told_type, condition.reason, condition.message) if told_type else None


def _good_news(condition: Condition, before: Condition | None) -> KubernetesEvent | None:
    """Of what is usually fine (`AT_FIRST` left out) only the return to it is told."""
    turned = condition.type in AT_FIRST if before is None else before.status != "True"
    reason = GOOD_NEWS.get(condition.type)
    return KubernetesEvent("Normal", reason, condition.message) if reason and turned else None


def scale_events(before: Iterable[ComponentStatus], after: Iterable[ComponentStatus]) -> tuple[KubernetesEvent, ...]:
    """A number that somebody set by hand, seen for the first time."""
    known = {each.name: each.replicas for each in before}
    found = []
    for each in after:
        now, then = each.replicas, known.get(each.name)
        if now is None or now.source != "Manual" or (then and (then.source, then.desired) == ("Manual", now.desired)):
            continue
        came = "" if then is None else f" from {then.desired}"
        who = f" by {now.by}" if now.by else ""
        note = f"{each.name} was scaled{came} to {now.desired}{who}; kept until its number in the UseCase changes"
        found.append(KubernetesEvent("Normal", reasons.MANUAL_SCALE_OBSERVED, note))
    return tuple(found)


def gate_events(before: Iterable[ComponentStatus], after: Iterable[ComponentStatus]) -> tuple[KubernetesEvent, ...]:
    """Components that waited and no longer do, with what each waited for; one Event for all of a pass."""
    waited = {each.name: each.blocked_on for each in before if each.state in HELD and each.blocked_on}
    opened = [each.name for each in after if each.name in waited and each.state not in HELD]
    if not opened:
        return ()
    note = "; ".join(f"{name} starts: {waited[name][0].component} is ready" for name in opened)
    return (KubernetesEvent("Normal", reasons.DEPENDENCY_READY, note),)
