"""Taking a use case out of its broker: at its end, and when its spec no longer names anything there.

Called by `teardown` and `reconcile`. What holds messages, or is not ours, stays, and is named in an Event.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from usecase_operator import messaging, reasons
from usecase_operator.backlog import Count
from usecase_operator.broker.connection import Connection
from usecase_operator.broker.emptiness import DOUBT_SECONDS, Kept
from usecase_operator.cluster.secrets import Secret
from usecase_operator.errors import Retry
from usecase_operator.model import MessagingDeletion, UseCase
from usecase_operator.status import Status
from usecase_operator.topology.objects import Topology, Vhost
from usecase_operator.topology.ownership import MARK, RELEASED, is_ours, vhost_name
from usecase_operator.topology.plan import Plan, diff
from usecase_operator.transitions import KubernetesEvent

COUNT_AGAIN = 2.0


class Broker(Protocol):
    @property
    def administrator(self) -> str: ...
    @property
    def agreed(self) -> set[str]: ...
    async def observe(self, vhost: str, *, fresh: bool = False) -> Topology: ...
    def counts(self, vhost: str) -> Mapping[str, Count]: ...
    async def declare(self, vhost: str, plan: Plan) -> None: ...
    async def drop(self, plan: Plan, found: Topology, policy: MessagingDeletion) -> list[Kept]: ...
    async def put_vhost(self, vhost: Vhost) -> None: ...
    async def delete_vhost(self, name: str) -> None: ...
    async def delete_users(self, names: Sequence[str]) -> None: ...


class Brokers(Protocol):
    async def of(self, connection: Connection, vhost: str) -> Broker: ...
    async def release(self, vhost: str) -> None: ...
    def known(self, vhost: str) -> Connection | None: ...


async def clean(
    usecase: UseCase,
    before: Status,
    secrets: Callable[[str], Secret | None],
    brokers: Brokers,
    *,
    patience: float = math.inf,
) -> tuple[KubernetesEvent, ...]:
    """Delete from the broker what the operator made, as the policy allows. Events name what stays.

    Raises `Retry` while the broker can't be reached. A queue whose messages can't be counted is waited for by raising
    too, for *patience* seconds; then it stays. What statistics say against a queue may be as old as they are.
    """
    vhost, uid = vhost_name(usecase.namespace, usecase.name), usecase.metadata.uid
    broker = await brokers.of(_connection(usecase, before, secrets, brokers), vhost)
    found = await broker.observe(vhost, fresh=True)
    plan = diff(Topology(), found, messaging.made_before(before), uid)
    events: tuple[KubernetesEvent, ...] = ()
    if found.vhost is None or not is_ours(found.vhost.tags, uid):
        await broker.delete_users(plan.delete_users)
    else:
        kept = await broker.drop(plan, found, usecase.spec.deletion_policy.messaging)
        if unsure := [each for each in kept if _may_still_go(each, patience)]:
            said = "; ".join(f"queue {each.queue}: {each.why}" for each in unsure)
            raise Retry(reasons.PROGRESSING, said, COUNT_AGAIN)
        retained = plan.delete_exchanges if usecase.spec.deletion_policy.messaging == "Retain" else ()
        events = await _leave(broker, found.vhost, kept, retained, plan.foreign)
    await brokers.release(vhost)
    return events


def _may_still_go(kept: Kept, patience: float) -> bool:
    return kept.waited < (min(DOUBT_SECONDS, patience) if kept.known else patience)


def _connection(
    usecase: UseCase, before: Status, secrets: Callable[[str], Secret | None], brokers: Brokers
) -> Connection:
    """By the Secret; where it is gone, as with its namespace, by what is known of it since."""
    try:
        return messaging.connection_of(usecase, before, secrets)
    except Retry as lost:
        known = brokers.known(vhost_name(usecase.namespace, usecase.name))
        if lost.reason not in (reasons.SECRET_NOT_FOUND, reasons.SECRET_KEY_MISSING) or known is None:
            raise
        return known


def skipped(usecase: UseCase, why: str) -> KubernetesEvent:
    """What was made in the broker stays there: the commands that remove it."""
    vhost = vhost_name(usecase.namespace, usecase.name)
    users = f"rabbitmqctl list_users | grep '^{vhost}\\.' | cut -f1 | xargs -rn1 rabbitmqctl delete_user"
    note = f"the broker was not cleaned: {why}. To do it by hand: rabbitmqctl delete_vhost {vhost}; {users}"
    return KubernetesEvent("Warning", reasons.MESSAGING_CLEANUP_SKIPPED, note)


def left_in_another_broker(usecase: UseCase, before: Status) -> tuple[KubernetesEvent, ...]:
    """Where the spec names another connection than the one that things were made by, nobody empties the old broker:
    messages may wait there, and whoever moves decides about them.
    """
    old = before.messaging.connection if before.messaging else None
    if old is None or old == before.way_to(usecase.spec.infrastructure.rabbitmq):
        return ()
    return (skipped(usecase, f"the spec names another broker than that of Secret {old.secret_name}"),)


async def _leave(
    broker: Broker, vhost: Vhost, kept: list[Kept], retained: tuple[str, ...], foreign: tuple[str, ...]
) -> tuple[KubernetesEvent, ...]:
    """Delete the vhost if nothing of worth is in it, else mark it as free for the next UseCase of this name.

    *retained*: exchanges that stay by the policy; with their vhost, like queues.
    """
    strangers = [each for each in foreign if not each.startswith("permission of user ")]
    if not (kept or retained or strangers):
        await broker.delete_vhost(vhost.name)
        return ()
    await broker.put_vhost(replace(vhost, tags=frozenset({MARK, RELEASED})))
    why = "; ".join(
        [
            *(f"queue {each.queue}: {each.why}" for each in kept),
            *(f"exchange {each}: deletionPolicy.messaging is Retain" for each in retained),
            *(f"{each}: not ours" for each in strangers),
        ]
    )
    note = (  # the command first: a note has an end, and a list of queues may have none
        f"vhost {vhost.name} stays in the broker. To remove it with its messages: rabbitmqctl delete_vhost "
        f"{vhost.name}; a new UseCase of this name takes it over. What holds it: {why}"
    )
    return (KubernetesEvent("Warning", reasons.QUEUE_RETAINED, note),)
