"""The whole new status of a use case, from what a pass found out. Pure; `reconcile` hands it over once, at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from usecase_operator import reasons
from usecase_operator.backlog import Count, bucket
from usecase_operator.conditions import Outcome, conditions, ready_count
from usecase_operator.metadata import child_name
from usecase_operator.model import Component, UseCase
from usecase_operator.status import (
    BrokerConnection,
    Condition,
    Endpoint,
    Inventory,
    MessagingStatus,
    QueueStatus,
    Status,
)
from usecase_operator.topology.desired import dead_letters
from usecase_operator.topology.ownership import vhost_name
from usecase_operator.topology.plan import Inventory as Made

# Named in a message; a vhost full of them needs no list in a status.
STRANGERS = 10


@dataclass(frozen=True, slots=True)
class MessagingFound:
    """*made*, *users*: names to remember. *counts*: queue → what it holds; empty while the broker can't tell.

    *foreign*: what others made in the vhost. *reached*: whether the broker that the spec names was spoken with.
    """

    made: Made
    users: tuple[str, ...]
    counts: Mapping[str, Count]
    foreign: tuple[str, ...] = ()
    reached: bool = True


def status(usecase: UseCase, outcome: Outcome, messaging: MessagingFound | None, before: Status, now: str) -> Status:
    found = _messaging(usecase, messaging, before) if messaging else None
    return Status(
        observed_generation=usecase.metadata.generation,
        components_ready=ready_count(outcome.components),
        backlog=_backlog(usecase, messaging, before) if messaging else None,
        dead_letters=outcome.dead_letters,
        conditions=_telling_strangers(conditions(usecase, outcome, before, now), messaging),
        components=outcome.components,
        messaging=found,
        endpoints=tuple(each for component in usecase.spec.components for each in endpoints(usecase, component)),
    )


def _telling_strangers(found: tuple[Condition, ...], messaging: MessagingFound | None) -> tuple[Condition, ...]:
    """What others made in the vhost is left alone, but not in silence."""
    if messaging is None or not messaging.foreign:
        return found
    said = f"; not ours and left alone: {', '.join(messaging.foreign[:STRANGERS])}"
    return tuple(
        replace(each, message=each.message + said) if each.type == reasons.MESSAGING_READY else each for each in found
    )


def remembering(usecase: UseCase, before: Status, made: Made, users: tuple[str, ...]) -> Status:
    """*before* with what is about to be made in the broker."""
    queues = before.messaging.queues if before.messaging else ()
    return replace(
        before,
        messaging=MessagingStatus(
            vhost=vhost_name(usecase.namespace, usecase.name),
            connection=before.way_to(usecase.spec.infrastructure.rabbitmq),
            queues=queues,
            inventory=_inventory(made, users),
        ),
    )


def endpoints(usecase: UseCase, component: Component) -> list[Endpoint]:
    """Where a component answers: its Service, or the ingress before it (the status has one line a component)."""
    if component.http is None:
        return []
    ingress = component.expose.ingress if component.expose else None
    if ingress:
        scheme = "https" if ingress.tls_secret_name else "http"
        return [Endpoint(component.name, f"{scheme}://{ingress.host}{ingress.path}", "External")]
    host = f"{child_name(usecase, component.name)}.{usecase.namespace}.svc"
    return [Endpoint(component.name, f"http://{host}:{component.http.port}", "Internal")]


def dead_letter_count(usecase: UseCase, counts: Mapping[str, Count], before: Status) -> int | None:
    """Messages in all dead-letter queues, as counted last where one is not counted now; None where there is none."""
    consumed = {dead_letters(each.queue) for component in usecase.spec.components for each in component.consumes}
    possible = {dead_letters(each.name) for each in usecase.spec.messaging.queues}
    names = consumed | (possible & counts.keys())
    known = [number for name in names if (count := counts.get(name)) and (number := count.messages) is not None]
    if len(known) < len(names):
        return before.dead_letters
    return sum(known) if names else None


def _messaging(usecase: UseCase, found: MessagingFound, before: Status) -> MessagingStatus:
    known = {each.name: each for each in before.messaging.queues} if before.messaging else {}
    queues = []
    for each in usecase.spec.messaging.queues:
        count, dead = found.counts.get(each.name), found.counts.get(dead_letters(each.name))
        if count is None or count.messages is None:
            queues.append(known.get(each.name) or QueueStatus(each.name))
            continue
        queues.append(QueueStatus(each.name, bucket(count.messages), count.consumers, dead.messages if dead else None))
    return MessagingStatus(
        vhost=vhost_name(usecase.namespace, usecase.name),
        connection=_way(usecase, found, before),
        queues=tuple(queues),
        inventory=_inventory(found.made, found.users),
    )


def _way(usecase: UseCase, found: MessagingFound, before: Status) -> BrokerConnection | None:
    """The way to what was made: the old one, as long as nothing was seen by the one that the spec names now."""
    known = before.messaging.connection if before.messaging else None
    return known if known and not found.reached else before.way_to(usecase.spec.infrastructure.rabbitmq)


def _inventory(made: Made, users: tuple[str, ...]) -> Inventory:
    return Inventory(
        exchanges=tuple(sorted(made.exchanges)),
        queues=tuple(sorted(made.queues)),
        users=users,
        bindings=tuple(sorted(made.bindings)),
    )


def _backlog(usecase: UseCase, found: MessagingFound, before: Status) -> str | None:
    """What waits in all queues; as counted last where one of ours is not counted now, None before that."""
    waiting = {name: each.messages for name, each in found.counts.items() if not name.endswith(".dlq")}
    wanted = [each.name for each in usecase.spec.messaging.queues]
    if any(waiting.get(name) is None for name in wanted):
        return before.backlog
    return bucket(sum(number or 0 for number in waiting.values())) if wanted else None
