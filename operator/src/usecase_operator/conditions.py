"""What a pass found out → the conditions of the status. Pure; `reconcile` calls `conditions` once, at its end.

Each condition has one function that names the situation. `Ready` is computed from the others; `Reconciling` and
`Stalled` are what Helm and Flux wait by (kstatus): `Stalled` stands only where trying again can't help.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from usecase_operator import reasons
from usecase_operator.component_state import UP, overdue, suspension
from usecase_operator.errors import Retry, Stuck
from usecase_operator.model import UseCase
from usecase_operator.status import ComponentStatus, Condition, ConditionStatus, Status
from usecase_operator.workload import Trouble

Step = Retry | Stuck | Literal["done", "not reached"]
"""How a step of the pass ended. *not reached*: an earlier one failed, so there is nothing new to say."""

MESSAGE_LIMIT = 1024
"""Characters of a message: names in it come from people, and a status is kept by every client that watches."""

# Trying again helps, but only after somebody did something: False, where other retries are Unknown.
WAITS_FOR_A_PERSON = frozenset(
    {
        reasons.SECRET_NOT_FOUND,
        reasons.SECRET_KEY_MISSING,
        reasons.SECRET_KEY_INVALID,
        reasons.SECRETS_FORBIDDEN,
        reasons.AUTHENTICATION_FAILED,
        reasons.MANAGEMENT_PLUGIN_MISSING,
        reasons.CERTIFICATE_NOT_TRUSTED,
        reasons.NAME_CONFLICT,
    }
)
# What makes up Ready, from the ground up: the first that is not True is told, since the others may follow from it.
GATING = (
    reasons.SUSPENDED,
    reasons.ACCEPTED,
    reasons.CREDENTIALS_READY,
    reasons.MESSAGING_READY,
    reasons.COMPONENTS_READY,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass found out.

    *accepted*: resolving the spec, and applying objects. *credentials*, *messaging*: the broker's side. *retained*:
    what was kept though it is no longer named, in a sentence. *dead_letters*: None while the broker can't tell.
    *scaling*: troubles of autoscalers, each message naming its component. *leaving*: the broker still holds what the
    spec no longer names. *unguarded*: components whose NetworkPolicy is not there.
    """

    accepted: Step
    credentials: Step
    messaging: Step
    components: tuple[ComponentStatus, ...]
    retained: str = ""
    dead_letters: int | None = None
    scaling: tuple[Trouble, ...] = ()
    deleting: bool = False
    leaving: bool = False
    unguarded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition without its history."""

    type: str
    status: ConditionStatus
    reason: str
    message: str


def conditions(usecase: UseCase, outcome: Outcome, previous: Status, now: str) -> tuple[Condition, ...]:
    """All conditions that apply to *usecase* now, `Ready` first."""
    facts = [finding for finding in _facts(usecase, outcome, previous, now) if finding]
    gating = [finding for kind in GATING for finding in facts if finding.type == kind]
    ready = _ready(gating, outcome)
    found = [ready, *facts, *_for_waiters(usecase, outcome, gating, now)]
    return merged(found, previous.conditions, usecase.metadata.generation, now)


def _facts(usecase: UseCase, outcome: Outcome, previous: Status, now: str) -> Iterable[Finding | None]:
    speaks = any(each.speaks_amqp for each in usecase.spec.components)
    messages = bool(usecase.spec.messaging.queues or usecase.spec.messaging.exchanges)
    yield _step(reasons.ACCEPTED, outcome.accepted, reasons.VALID, "the spec is valid and applied", previous)
    if speaks:
        said = "each component has its broker user and Secret"
        yield _step(reasons.CREDENTIALS_READY, outcome.credentials, reasons.CREDENTIALS_IN_PLACE, said, previous)
    if messages or outcome.leaving:
        yield _messaging(outcome, previous)
    yield _components(usecase, outcome, now)
    scaled = any(each.scaling.mode != "Manual" for each in usecase.spec.components)
    if outcome.scaling or (scaled and not usecase.suspended_by):
        yield _scaling(outcome.scaling)
    yield _isolated(usecase, outcome.unguarded)
    if speaks and outcome.dead_letters is not None:
        yield _dead_letters(outcome.dead_letters)
    if by := usecase.suspended_by:
        yield Finding(reasons.SUSPENDED, "True", suspension(by), f"stopped by {by}; take it back to go on")


def _step(kind: str, step: Step, reason: str, message: str, previous: Status) -> Finding:
    if step == "not reached":
        before = previous.condition(kind)
        if before:
            return Finding(kind, before.status, before.reason, before.message)
        return Finding(kind, "Unknown", reasons.PROGRESSING, "not looked at yet")
    if step == "done":
        return Finding(kind, "True", reason, message)
    waits = isinstance(step, Stuck) or step.reason in WAITS_FOR_A_PERSON
    return Finding(kind, "False" if waits else "Unknown", step.reason, step.message)


def _messaging(outcome: Outcome, previous: Status) -> Finding:
    reason = reasons.QUEUE_RETAINED if outcome.retained else reasons.TOPOLOGY_DECLARED
    message = outcome.retained or "vhost, exchanges, queues and bindings are as declared"
    return _step(reasons.MESSAGING_READY, outcome.messaging, reason, message, previous)


def _components(usecase: UseCase, outcome: Outcome, now: str) -> Finding:
    """The root cause first: a component in trouble, then one past its deadline, then those on their way."""
    of_type = reasons.COMPONENTS_READY
    if by := usecase.suspended_by:
        return Finding(of_type, "False", suspension(by), f"stopped by {by}")
    count = ready_count(outcome.components)
    if failed := [each for each in outcome.components if each.state == "Failed"]:
        reason = failed[0].reason or reasons.COMPONENTS_NOT_READY
        return Finding(of_type, "False", reason, f"{_told(failed)}{_held_up(outcome.components)}")
    deadline = usecase.spec.progress_deadline_seconds
    if late := [each for each in _roots_first(outcome.components) if overdue(each, deadline, now)]:
        message = f"no progress for {deadline} s: {_told(late)}"
        return Finding(of_type, "False", reasons.PROGRESS_DEADLINE_EXCEEDED, message)
    if moving := [each for each in _roots_first(outcome.components) if each.state not in UP]:
        return Finding(of_type, "Unknown", moving[0].reason or reasons.ROLLING_OUT, f"{count} ready; {_told(moving)}")
    if not outcome.components:
        return Finding(of_type, "Unknown", reasons.NOT_CREATED, "nothing was applied yet")
    return Finding(of_type, "True", reasons.COMPONENTS_UP, f"{count} ready")


def ready_count(components: tuple[ComponentStatus, ...]) -> str:
    """The printer column: `5/6`."""
    return f"{sum(each.state in UP for each in components)}/{len(components)}"


def _roots_first(components: Iterable[ComponentStatus]) -> list[ComponentStatus]:
    """Who waits for others stands behind who does not."""
    return sorted(components, key=lambda each: each.state == "Blocked" or bool(each.blocked_on))


def _told(components: list[ComponentStatus]) -> str:
    return "; ".join(f"{each.name}: {each.message}" for each in components)


def _held_up(components: Iterable[ComponentStatus]) -> str:
    waiting = [each.name for each in components if each.state == "Blocked"]
    return f"; waiting: {', '.join(waiting)}" if waiting else ""


def _scaling(troubles: tuple[Trouble, ...]) -> Finding:
    """Missing metrics may come; an engine that is absent, or a second autoscaler, waits for a person."""
    if not troubles:
        return Finding(reasons.SCALING_ACTIVE, "True", reasons.AUTOSCALERS_ACTIVE, "autoscalers read their metrics")
    status: ConditionStatus = "Unknown" if troubles[0].reason == reasons.METRICS_UNAVAILABLE else "False"
    message = "; ".join(each.message for each in troubles)
    return Finding(reasons.SCALING_ACTIVE, status, troubles[0].reason, message)


def _isolated(usecase: UseCase, unguarded: tuple[str, ...]) -> Finding:
    if usecase.spec.isolation.network_policy == "Off":
        message = "isolation.networkPolicy is Off: any pod may reach any component"
        return Finding(reasons.NETWORK_ISOLATED, "False", reasons.DISABLED, message)
    if unguarded:
        message = f"no NetworkPolicy yet for {', '.join(unguarded)}: no new pod of theirs is started before"
        return Finding(reasons.NETWORK_ISOLATED, "False", reasons.NOT_CREATED, message)
    message = "the policies are applied; whether the cluster's network enforces them was not tried"
    return Finding(reasons.NETWORK_ISOLATED, "Unknown", reasons.NOT_VERIFIED, message)


def _dead_letters(count: int) -> Finding:
    if count == 0:
        return Finding(reasons.DEAD_LETTERS_EMPTY, "True", reasons.NO_DEAD_LETTERS, "no message was given up")
    message = f"{count} messages were given up; status.messaging.queues says which queues' .dlq hold them"
    return Finding(reasons.DEAD_LETTERS_EMPTY, "False", reasons.DEAD_LETTERS_PRESENT, message)


def _ready(gating: list[Finding], outcome: Outcome) -> Finding:
    """True if all that gates is; else the worst status, told by the first that is not fine."""
    if outcome.deleting:
        return Finding(reasons.READY, "False", reasons.DELETING, "the use case is being deleted")
    bad = [each for each in gating if _is_bad(each)]
    if not bad:
        return Finding(reasons.READY, "True", reasons.ALL_READY, f"{ready_count(outcome.components)} components ready")
    status: ConditionStatus = "False" if any(each.status != "Unknown" for each in bad) else "Unknown"
    return Finding(reasons.READY, status, bad[0].reason, bad[0].message)


def _is_bad(finding: Finding) -> bool:
    return finding.status == "True" if finding.type == reasons.SUSPENDED else finding.status != "True"


def _for_waiters(usecase: UseCase, outcome: Outcome, gating: list[Finding], now: str) -> Iterable[Finding]:
    """`Stalled` ends the wait of Helm at once, and its message is all that Helm prints."""
    steps = (outcome.accepted, outcome.credentials, outcome.messaging)
    stuck = [each for each in steps if isinstance(each, Stuck)]
    if stuck and not outcome.deleting:
        yield Finding(reasons.STALLED, "True", stuck[0].reason, stuck[0].message)
        return
    components = next((each for each in gating if each.type == reasons.COMPONENTS_READY), None)
    if components and components.status == "False" and _past_deadline(usecase, outcome, now):
        yield Finding(reasons.STALLED, "True", reasons.PROGRESS_DEADLINE_EXCEEDED, _from_its_root(gating, components))
        return
    moving = [each for each in gating if each.status == "Unknown"]
    if outcome.deleting:
        yield Finding(reasons.RECONCILING, "True", reasons.DELETING, "the use case is being deleted")
    elif moving:
        yield Finding(reasons.RECONCILING, "True", reasons.PROGRESSING, moving[0].message)


def _from_its_root(gating: list[Finding], components: Finding) -> str:
    """Components that wait for a broker which is not there say so last: what holds them up stands first."""
    root = next(each for each in gating if _is_bad(each))
    return components.message if root is components else f"{root.reason}: {root.message}; {components.message}"


def _past_deadline(usecase: UseCase, outcome: Outcome, now: str) -> bool:
    deadline = usecase.spec.progress_deadline_seconds
    return any(
        each.reason == reasons.PROGRESS_DEADLINE_EXCEEDED or overdue(each, deadline, now) for each in outcome.components
    )


def merged(
    findings: Iterable[Finding], previous: Iterable[Condition], generation: int, now: str
) -> tuple[Condition, ...]:
    """*findings* with their history: the transition time moves with the status, not with reason or message."""
    before = {each.type: each for each in previous}
    return tuple(_with_history(each, before.get(each.type), generation, now) for each in findings)


def _with_history(finding: Finding, before: Condition | None, generation: int, now: str) -> Condition:
    since = before.last_transition_time if before and before.status == finding.status else now
    message = finding.message
    if len(message) > MESSAGE_LIMIT:
        message = message[: MESSAGE_LIMIT - 1] + "…"
    return Condition(finding.type, finding.status, finding.reason, message, since, generation)
