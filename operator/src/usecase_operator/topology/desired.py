"""UseCase → what its vhost must hold. Called by `reconcile`; the names and rights are those of the decision
"retry and dead letter" (docs/decisions): each consumed queue Q gets Q.retry (fanout exchange and queue whose
TTL leads back to Q) and Q.dlq, all by policy, and never a cycle of dead letters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from usecase_operator.infrastructure import Queue as QueueSpec
from usecase_operator.model import Component, UseCase
from usecase_operator.topology.objects import (
    Arguments,
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    Topology,
    User,
    Vhost,
)
from usecase_operator.topology.ownership import POLICY_PREFIX, mark, scaler_name, user_name, vhost_name

Named = TypeVar("Named", Exchange, Queue, Policy, User)

NOTHING = "^$"
EVERYTHING = ".*"
# A net for messages that kill their consumer before it counts the try; the consumer's own limit is lower.
DELIVERY_LIMIT = 50
UNLIMITED = -1
# RabbitMQ takes a message back that a consumer holds for longer than its `consumer_timeout`, half an hour unless said
# otherwise: the least that a policy of ours says.
LEAST_HOLD_SECONDS = 1800
MOST_HOLD_SECONDS = 7 * 86400
# How long what a bounded queue gave up waits for somebody who looks at it.
DEAD_LETTER_SECONDS = 7 * 86400


def desired(usecase: UseCase, password_hashes: Mapping[str, str], administrator: str) -> Topology:
    """The topology of *usecase*.

    *password_hashes*: user name → hash, of `component_users` and the scaler. A user without one is not there.
    *administrator*: the operator's own broker user, which needs all rights in the vhost to delete in it.
    """
    consumed = [queue for queue in usecase.spec.messaging.queues if queue.name in _consumed(usecase)]
    plain = [queue for queue in usecase.spec.messaging.queues if queue.name not in _consumed(usecase)]
    owner = mark(usecase.metadata.uid)
    permissions = [
        Permission(administrator, EVERYTHING, EVERYTHING, EVERYTHING),
        *(_permission(usecase, each) for each in usecase.spec.components if each.speaks_amqp),
    ]
    known = [name for name in component_users(usecase).values() if name in password_hashes]
    users = [User(name, owner, password_hashes[name]) for name in known]
    if needs_scaler(usecase) and (scaler := scaler_name(usecase.namespace, usecase.name)) in password_hashes:
        users.append(User(scaler, owner | {"management"}, password_hashes[scaler]))
        permissions.append(Permission(scaler, NOTHING, NOTHING, NOTHING))
    return Topology(
        vhost=Vhost(
            name=vhost_name(usecase.namespace, usecase.name),
            tags=owner,
            description=f"UseCase {usecase.namespace}/{usecase.name}",
        ),
        exchanges=_by_name(
            [
                *(Exchange(each.name, each.type, dict(each.arguments)) for each in usecase.spec.messaging.exchanges),
                *(Exchange(retry(queue.name), "fanout") for queue in consumed),
            ]
        ),
        queues=_by_name(
            [
                *(Queue(queue.name, _arguments(queue)) for queue in usecase.spec.messaging.queues),
                *(Queue(retry(queue.name), QUORUM) for queue in consumed),
                *(Queue(dead_letters(queue.name), QUORUM) for queue in consumed),
            ]
        ),
        bindings=frozenset(
            [
                *(Binding(each.exchange, each.queue, each.routing_key) for each in usecase.spec.messaging.bindings),
                *(Binding(retry(queue.name), retry(queue.name), "") for queue in consumed),
            ]
        ),
        policies=_by_name(
            [
                *(_consumed_policy(queue, _hold_seconds(usecase, queue.name)) for queue in consumed),
                *(_retry_policy(queue) for queue in consumed),
                *(_forgetting_policy(queue) for queue in consumed if _limits(queue)),
                *(_plain_policy(queue) for queue in plain),
                *([DEAD_LETTER_POLICY] if consumed else []),
            ]
        ),
        users=_by_name(users),
        permissions={each.user: each for each in permissions if each.user in {administrator, *password_hashes}},
    )


def component_users(usecase: UseCase) -> dict[str, str]:
    """Component → its broker user, for every component with an edge to the broker."""
    return {
        each.name: user_name(usecase.namespace, usecase.name, each.name)
        for each in usecase.spec.components
        if each.speaks_amqp
    }


def needs_scaler(usecase: UseCase) -> bool:
    return any(each.scaling.mode == "Queue" for each in usecase.spec.components)


def retry(queue: str) -> str:
    return f"{queue}.retry"


def dead_letters(queue: str) -> str:
    return f"{queue}.dlq"


QUORUM: Arguments = {"x-queue-type": "quorum"}
# Without it a message that somebody looks at 20 times in the management UI is dropped.
DEAD_LETTER_POLICY = Policy(
    name=f"{POLICY_PREFIX}dlq",
    pattern=r"\.dlq$",
    definition={"delivery-limit": UNLIMITED, "overflow": "reject-publish"},
)


def _consumed(usecase: UseCase) -> set[str]:
    return {each.queue for component in usecase.spec.components for each in component.consumes}


def _arguments(queue: QueueSpec) -> Arguments:
    single = {"x-single-active-consumer": True} if queue.single_active_consumer else {}
    return {**queue.arguments, **QUORUM, **single}


def _limits(queue: QueueSpec) -> dict[str, int | str]:
    """TTL and length. A full queue drops its oldest, which excludes `reject-publish`."""
    limits: dict[str, int | str] = {}
    if queue.message_ttl_seconds is not None:
        limits["message-ttl"] = queue.message_ttl_seconds * 1000
    if queue.max_messages is not None:
        limits |= {"max-length": queue.max_messages, "overflow": "drop-head"}
    return limits


def _hold_seconds(usecase: UseCase, queue: str) -> int:
    """How long a consumer may hold a message of *queue*: the last one it prefetched waits for all before it."""
    edges = [each for component in usecase.spec.components for each in component.consumes if each.queue == queue]
    longest = max(each.prefetch * each.max_processing_seconds for each in edges)
    return min(MOST_HOLD_SECONDS, max(LEAST_HOLD_SECONDS, longest + 60))


def _consumed_policy(queue: QueueSpec, hold_seconds: int) -> Policy:
    # At-least-once needs reject-publish: a queue that drops its oldest has chosen against it.
    strategy = "at-most-once" if queue.max_messages is not None else "at-least-once"
    return _policy(
        queue.name,
        {
            "dead-letter-exchange": "",
            "dead-letter-routing-key": dead_letters(queue.name),
            "dead-letter-strategy": strategy,
            "overflow": "reject-publish",
            "delivery-limit": DELIVERY_LIMIT,
            "consumer-timeout": hold_seconds * 1000,
            **_limits(queue),
        },
    )


def _retry_policy(queue: QueueSpec) -> Policy:
    return _policy(
        retry(queue.name),
        {
            "dead-letter-exchange": "",
            "dead-letter-routing-key": queue.name,
            "dead-letter-strategy": "at-least-once",
            "overflow": "reject-publish",
            "message-ttl": queue.retry.delay_seconds * 1000,
            "delivery-limit": UNLIMITED,
        },
    )


def _forgetting_policy(queue: QueueSpec) -> Policy:
    """Of the dead letters of a queue that forgets: what expired or was too much lands there too, and must not fill the
    broker. Goes before `DEAD_LETTER_POLICY`.
    """
    limits = _limits(queue)
    if "message-ttl" in limits:
        limits["message-ttl"] = max(int(limits["message-ttl"]), DEAD_LETTER_SECONDS * 1000)
    definition = {**DEAD_LETTER_POLICY.definition, **limits}
    return replace(_policy(dead_letters(queue.name), definition), priority=DEAD_LETTER_POLICY.priority + 1)


def _plain_policy(queue: QueueSpec) -> Policy:
    """Nobody's delivery counts where nobody consumes: a message that somebody looks at again and again stays."""
    return _policy(queue.name, {"delivery-limit": UNLIMITED, **_limits(queue)})


def _policy(queue: str, definition: Mapping[str, int | str]) -> Policy:
    return Policy(f"{POLICY_PREFIX}queue.{queue}", _exactly([queue]), definition)


def _permission(usecase: UseCase, component: Component) -> Permission:
    """Publisher: write its exchanges. Consumer: read Q, write Q.retry. Only the operator declares."""
    return Permission(
        user=user_name(usecase.namespace, usecase.name, component.name),
        configure=NOTHING,
        write=_exactly(
            [
                *(each.exchange for each in component.publishes),
                *(retry(each.queue) for each in component.consumes),
            ]
        ),
        read=_exactly([each.queue for each in component.consumes]),
    )


def _exactly(names: Iterable[str]) -> str:
    """The regular expression that matches these names only (letters, digits and `-_.`, says the CRD)."""
    quoted = [name.replace(".", r"\.") for name in sorted(names)]
    if not quoted:
        return NOTHING
    return f"^{quoted[0]}$" if len(quoted) == 1 else f"^({'|'.join(quoted)})$"


def _by_name(objects: Iterable[Named]) -> dict[str, Named]:
    return {each.name: each for each in objects}
