"""One component: what was seen of it → its line in the status.

The states are ordered by what a person should know first: stopped, waiting, refused, rolling out, in trouble, fine.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from usecase_operator import reasons
from usecase_operator.model import BY_SPEC, Component, ScalingMode
from usecase_operator.status import BlockedOn, ComponentStatus, Replicas, State
from usecase_operator.workload import Trouble, Workload, gravest

UP: frozenset[State | None] = frozenset({"Ready", "Degraded"})
"""States of a component that does its work."""
NOT_UP: frozenset[State | None] = frozenset({"Pending", "Blocked", "Progressing", "Failed"})
"""States that must not last: they have a deadline."""
HELD: frozenset[State | None] = frozenset({"Blocked", "Suspended"})
"""States that may wait for another component: first pods, a new revision, the return from a suspension."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pass knows of a component. *revision*: of the rendered pod template. *workload*: None if there is no
    Deployment. *blocked_on*: `graph.blocked_on`, asked only if this revision is not out yet, or is to go on after a
    stop. *unwritten*: the number of pods was to change, and was not written. *leaving*: what has to be gone before: an
    autoscaler, kind and name, or the former pod of what is never two.
    """

    component: Component
    mode: ScalingMode
    revision: str
    workload: Workload | None
    replicas: Replicas
    troubles: tuple[Trouble, ...] = ()
    blocked_on: tuple[BlockedOn, ...] = ()
    suspended_by: str = ""
    unwritten: bool = False
    leaving: str | None = None


def component_status(seen: Seen, previous: ComponentStatus | None, now: str) -> ComponentStatus:
    """The component's status. *since* stays while the state does.

    A number that was not written leaves all that decides about numbers as it was: the next pass wants it again.
    """
    state, reason, message = _state(seen)
    if seen.unwritten and not seen.suspended_by and previous and previous.state == "Suspended":
        state, reason = previous.state, previous.reason or reason
        message = "its number of pods could not be written"
        if seen.blocked_on:
            reason, message = reasons.WAITING_FOR_DEPENDENCY, _waiting(seen.blocked_on, None)
        message = f"still stopped: {message}"
    kept = previous.since if previous and previous.state == state else None
    found = seen.workload
    return ComponentStatus(
        name=seen.component.name,
        kind=seen.component.kind,
        state=state,
        reason=reason,
        message=message,
        blocked_on=seen.blocked_on if state in HELD else (),
        replicas=replace(seen.replicas, ready=found.ready if found else 0, updated=found.updated if found else 0),
        scaling_mode=previous.scaling_mode if previous and (seen.suspended_by or seen.unwritten) else seen.mode,
        since=kept or now,
    )


def suspension(by: str) -> str:
    """The reason of a use case that was stopped *by* this (`UseCase.suspended_by`)."""
    return reasons.SUSPENDED_BY_SPEC if by == BY_SPEC else reasons.SUSPENDED_BY_ANNOTATION


def _state(seen: Seen) -> tuple[State, str, str]:
    found = seen.workload
    if seen.suspended_by:
        ending = f"; {found.total} pods are ending" if found and found.total else ""
        return "Suspended", suspension(seen.suspended_by), f"stopped by {seen.suspended_by}{ending}"
    new_revision = found is None or found.revision != seen.revision
    if seen.blocked_on and new_revision:
        return "Blocked", reasons.WAITING_FOR_DEPENDENCY, _waiting(seen.blocked_on, found)
    if found is None:
        waits = f": it is made when {seen.leaving} is gone" if seen.leaving else ""
        return "Pending", reasons.NOT_CREATED, f"its Deployment is not there yet{waits}"
    if seen.leaving:
        said = f"{found.ready}/{found.desired} ready; their number is set when {seen.leaving} is gone"
        return "Progressing", reasons.ROLLING_OUT, said
    return _rollout(seen, found) if new_revision or not found.settled else _running(seen, found)


def _rollout(seen: Seen, found: Workload) -> tuple[State, str, str]:
    return "Progressing", reasons.ROLLING_OUT, f"{_count(seen, found)} ready; a new revision rolls out"


def _running(seen: Seen, found: Workload) -> tuple[State, str, str]:
    all_new, count = found.total <= found.updated, _count(seen, found)
    if all_new and found.updated >= found.desired and found.ready >= _wanted(seen, found) and not found.refused:
        return "Ready", reasons.MINIMUM_AVAILABLE, f"{count} ready"
    enough, some = all_new and found.ready >= _minimum(seen, found), found.ready > 0 or found.desired == 0
    if trouble := found.refused or gravest(each for each in seen.troubles if not each.ended):
        earlier = "" if all_new or not found.ready else "; pods of the earlier revision keep serving"
        return "Degraded" if enough and some else "Failed", trouble.reason, f"{count} ready: {_said(trouble)}{earlier}"
    if enough and (some or not found.overdue):
        return "Degraded", reasons.FEWER_THAN_WANTED, f"{count} ready; the others are on their way"
    if found.overdue:
        ended = gravest(seen.troubles)
        why = f": {_said(ended)}" if ended else ", and no progress within the deadline"
        return "Failed", ended.reason if ended else reasons.PROGRESS_DEADLINE_EXCEEDED, f"{count} ready{why}"
    return "Progressing", reasons.ROLLING_OUT, f"{count} ready"


def _said(trouble: Trouble) -> str:
    return f"{trouble.reason}: {trouble.message}" if trouble.message else trouble.reason


def _minimum(seen: Seen, found: Workload) -> int:
    """With so many pods the component does its work: scaling beyond what the resource asks takes nothing away.

    An autoscaler that has not come to its least number yet is on its way, unless somebody scaled to zero.
    """
    in_spec = found.desired if seen.replicas.from_spec is None else seen.replicas.from_spec
    return min(found.desired, in_spec) if seen.mode == "Manual" or found.desired == 0 else in_spec


def _wanted(seen: Seen, found: Workload) -> int:
    return max(found.desired, _minimum(seen, found))


def _count(seen: Seen, found: Workload) -> str:
    wanted = _wanted(seen, found)
    return f"{min(found.ready, wanted)}/{wanted}"


def _waiting(chain: tuple[BlockedOn, ...], found: Workload | None) -> str:
    nearest, root = chain[0].component, chain[-1].component
    cause = "" if nearest == root else f", which waits for {root}"
    kept = f"; {found.ready} pods of the earlier revision keep running" if found and found.ready else ""
    return f"waits for {nearest} to be ready{cause}{kept}"


# Deadlines


def overdue(status: ComponentStatus, deadline_seconds: int, now: str) -> bool:
    """Whether the component has not been up for longer than it may."""
    left = seconds_left(status, deadline_seconds, now)
    return left is not None and left <= 0


def seconds_left(status: ComponentStatus, deadline_seconds: int, now: str) -> float | None:
    """Until the deadline of a component that is not up; None for one that has none. The time to look again."""
    if status.state not in NOT_UP or status.since is None:
        return None
    waited = datetime.fromisoformat(now) - datetime.fromisoformat(status.since)
    return deadline_seconds - waited.total_seconds()
