"""The broker's part of a pass: from the connection Secret to a vhost that is as the spec says, or the reason why not.

Called by `reconcile` before any workload: nothing may consume from a queue that is not there. What fails here is told
in the outcome and stops nothing else: running pods keep the URIs they have.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from usecase_operator import credentials as credentials_of
from usecase_operator import metrics, reasons
from usecase_operator.backlog import Count
from usecase_operator.broker.connection import Connection, read_connection
from usecase_operator.broker.emptiness import Kept
from usecase_operator.cluster.children import Child, Key
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.secrets import CONNECTION_KEY, Secret
from usecase_operator.cluster.writer import failure as failure_of
from usecase_operator.conditions import Step
from usecase_operator.credentials import Credentials
from usecase_operator.errors import Retry, Stuck
from usecase_operator.model import MessagingDeletion, UseCase
from usecase_operator.status import Inventory as MadeNames
from usecase_operator.status import Status
from usecase_operator.topology.desired import component_users, desired
from usecase_operator.topology.objects import Topology
from usecase_operator.topology.ownership import MARK, RELEASED, is_ours, vhost_name
from usecase_operator.topology.plan import Conflict, Inventory, Plan, diff, not_ours
from usecase_operator.transitions import KubernetesEvent

COUNT_AGAIN = 3.0
KEPT_AGAIN = 30.0

Began = Literal["ours", "empty"]
Remember = Callable[[Inventory, tuple[str, ...]], Awaitable[None]]
Store = Callable[[Credentials], Awaitable[Credentials]]


class Broker(Protocol):
    @property
    def administrator(self) -> str: ...
    @property
    def agreed(self) -> set[str]: ...
    async def observe(self, vhost: str, *, fresh: bool = False) -> Topology: ...
    def counts(self, vhost: str) -> Mapping[str, Count]: ...
    async def declare(self, vhost: str, plan: Plan) -> None: ...
    async def drop(self, plan: Plan, found: Topology, policy: MessagingDeletion) -> list[Kept]: ...


class Brokers(Protocol):
    async def of(self, connection: Connection, vhost: str) -> Broker: ...
    async def release(self, vhost: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """*credentials*: also while the broker is away. *made*: the names to remember. *again*: seconds until something is
    to be looked at once more. *foreign*: what others made in the vhost. *repaired*: what was there once and was put
    back. *events*: what is worth one beside the change of conditions. *began*: how the vhost was found, "ours" or
    "empty" (there was none of ours); None if the broker was not reached.
    """

    step: Step = "done"
    credentials: Credentials = field(default_factory=lambda: Credentials({}, None, {}))
    made: Inventory = field(default_factory=Inventory)
    users: tuple[str, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    foreign: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    again: float | None = None
    events: tuple[KubernetesEvent, ...] = ()
    began: Began | None = None


def has_messaging(usecase: UseCase) -> bool:
    spec = usecase.spec
    return spec.infrastructure.rabbitmq is not None and bool(
        spec.messaging.exchanges or spec.messaging.queues or component_users(usecase)
    )


def made_before(status: Status) -> Inventory:
    names = status.messaging.inventory if status.messaging else MadeNames()
    return Inventory(frozenset(names.exchanges), frozenset(names.queues), frozenset(names.bindings))


async def settle(
    usecase: UseCase,
    before: Status,
    secrets: Callable[[str], Secret | None],
    children: Mapping[Key, Child],
    brokers: Brokers,
    remember: Remember,
    store: Store,
) -> Outcome:
    """Make the vhost of *usecase* as declared. Never raises `Retry` or `Stuck`: the outcome tells.

    *remember* is awaited with everything that will be made, before it is made. *store* puts credentials into Secrets
    and answers what of them is there, before the broker is told.
    """
    promised = made_before(before)
    began: Began | None = None

    async def noting(made: Inventory, users: tuple[str, ...]) -> None:
        nonlocal promised
        promised = made
        await remember(made, users)

    try:
        connection = connection_of(usecase, before, secrets)
        credentials = credentials_of.credentials(usecase, connection, children)
        vhost = vhost_name(usecase.namespace, usecase.name)
        broker = await brokers.of(connection, vhost)
        found = await broker.observe(vhost)
        began = "ours" if found.vhost and is_ours(found.vhost.tags, usecase.metadata.uid) else "empty"
        return replace(await _declare(usecase, before, credentials, broker, found, noting, store), began=began)
    except (Retry, Stuck, ApiError) as error:
        failure = failure_of(error, "remembering what will be made") if isinstance(error, ApiError) else error
        return Outcome(
            failure,
            credentials_of.kept(usecase, children),
            promised,
            tuple(sorted(component_users(usecase).values())),
            began=began,
        )


def connection_of(usecase: UseCase, before: Status, secrets: Callable[[str], Secret | None]) -> Connection:
    """The operator's way to the broker. Raises `Retry` that names what its Secret lacks."""
    way = before.way_to(usecase.spec.infrastructure.rabbitmq)
    if way is None:
        raise Retry(reasons.SECRET_NOT_FOUND, "the spec names no broker: add infrastructure.rabbitmq", after=300)
    secret = secrets(way.secret_name)
    if secret is None:
        raise Retry(
            reasons.SECRET_NOT_FOUND,
            f"Secret {way.secret_name}, named by infrastructure.rabbitmq.connectionSecretRef, does not exist: "
            "create it",
            after=300,
        )
    if secret.data is None:
        # Only a Secret with this key is kept whole; of any other nothing but digests is known.
        said = f"Secret {way.secret_name} has no key {CONNECTION_KEY}: add it"
        raise Retry(reasons.SECRET_KEY_MISSING, said, after=300)
    return read_connection(secret.data, way.secret_name, way.port)


async def _declare(
    usecase: UseCase,
    before: Status,
    credentials: Credentials,
    broker: Broker,
    found: Topology,
    remember: Remember,
    store: Store,
) -> Outcome:
    uid, vhost, made = usecase.metadata.uid, vhost_name(usecase.namespace, usecase.name), made_before(before)
    target = desired(usecase, credentials.hashes, broker.administrator)
    users = tuple(sorted(target.users))
    if strangers := not_ours(target, found, uid):
        raise _not_ours(strangers)
    credentials = await store(credentials)
    # Of whom no Secret could be stored, the broker goes on with what it knows.
    known = {name: each.password_hash for name, each in found.users.items() if name in target.users}
    target = desired(usecase, {**known, **credentials.hashes}, broker.administrator)
    plan = diff(target, found, made, uid)
    repaired = _repaired(usecase, before, plan, seen=vhost in broker.agreed)
    everything = made | _made_here(target, plan)
    if plan.declared:
        if everything != made:
            await remember(everything, users)
        await broker.declare(vhost, plan)
        found = await broker.observe(vhost, fresh=True)
        plan = diff(target, found, everything, uid)
        if (ours := made | _made_here(target, plan)) != everything:  # somebody else came between the look and the words
            everything = ours
            await remember(everything, users)
        if plan.declared:
            raise _not_there(plan)
    kept: list[Kept] = []
    if plan.deletes:
        kept = await broker.drop(plan, found, usecase.spec.deletion_policy.messaging)
        found = await broker.observe(vhost, fresh=True)
    if plan.conflicts:
        raise _immutable(plan.conflicts)
    broker.agreed.add(vhost)
    return Outcome(
        "done",
        credentials,
        _still_there(everything, target, found),
        users,
        broker.counts(vhost),
        tuple(kept),
        plan.foreign,
        repaired,
        None if not kept else KEPT_AGAIN if all(each.lasting for each in kept) else COUNT_AGAIN,
    )


def _repaired(usecase: UseCase, before: Status, plan: Plan, *, seen: bool) -> tuple[str, ...]:
    """What *plan* puts back: all it declares, if this very spec had been declared before. Policies only if they were
    *seen* right by this process: to another version of the operator they may say something else.
    """
    settled = before.condition(reasons.MESSAGING_READY)
    if not settled or settled.status != "True" or settled.observed_generation != usecase.metadata.generation:
        return ()
    repaired = (plan if seen else replace(plan, policies=())).declared
    if repaired:
        metrics.DRIFT.labels("rabbitmq").inc(len(repaired))
    return tuple(repaired)


def _made_here(target: Topology, plan: Plan) -> Inventory:
    """What is wanted and is, or will be, made by us: what is in the way of it was made by somebody else."""
    wanted, others = Inventory.of(target), {(each.kind, each.name) for each in plan.conflicts}
    return Inventory(
        frozenset(name for name in wanted.exchanges if ("exchange", name) not in others),
        frozenset(name for name in wanted.queues if ("queue", name) not in others),
        wanted.bindings,
    )


def _still_there(everything: Inventory, target: Topology, found: Topology) -> Inventory:
    """What is wanted, and of the rest what has not gone yet."""
    rest = Inventory.of(found)
    return Inventory.of(target) | Inventory(
        everything.exchanges & rest.exchanges, everything.queues & rest.queues, everything.bindings & rest.bindings
    )


def credentials_step(usecase: UseCase, broker: Outcome) -> Step:
    """Users stand in the broker when its step is done: those whose Secret could be stored."""
    if broker.step != "done":
        return broker.step if isinstance(broker.step, Retry) else "done"
    lacking = [name for name in component_users(usecase) if name not in broker.credentials.uris]
    return Retry(reasons.PROGRESSING, f"no Secret yet for {', '.join(lacking)}") if lacking else "done"


def retained(usecase: UseCase, broker: Outcome) -> str:
    """What is kept though no longer declared, and the command that removes it; empty if nothing is."""
    lasting = [each for each in broker.kept if each.lasting]
    if not lasting:
        return ""
    kept = "; ".join(f"{each.queue}: {each.why}" for each in lasting)
    vhost = vhost_name(usecase.namespace, usecase.name)
    removal = " && ".join(f"rabbitmqctl delete_queue --vhost {vhost} {each.queue}" for each in lasting)
    return f"kept though no longer declared: {kept}. To remove what is in them: {removal}"


def _not_ours(strangers: Sequence[str]) -> Retry:
    return Retry(
        reasons.NAME_CONFLICT,
        f"the broker has {', '.join(strangers)}, made by somebody else: rename this UseCase, delete it there, or hand "
        f"it over by the tags {MARK} and {RELEASED}",
        after=30,
    )


def _not_there(plan: Plan) -> Retry:
    return Retry(
        reasons.PRECONDITION_FAILED,
        f"declared, but not there: {', '.join(plan.declared)}; if a transient object of that name is in the way, "
        "delete it",
    )


def _immutable(conflicts: Sequence[Conflict]) -> Stuck:
    queues = any(each.kind == "queue" for each in conflicts)
    return Stuck(
        reasons.IMMUTABLE_QUEUE_CHANGED if queues else reasons.IMMUTABLE_EXCHANGE_CHANGED,
        f"{'; '.join(map(str, conflicts))}. RabbitMQ can't change that: declare another name and drain this one, "
        "or delete it in the broker",
    )
