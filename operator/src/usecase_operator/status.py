"""What a UseCase's status says, as the operator last wrote it: the memory that survives a restart.

Read back at the start of a pass (transition times, the numbers a person scaled to, what was made in the
broker) and compared with the new one at its end. Nothing changes by itself: no timestamp, no counter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from usecase_operator.decoding import camel, decode
from usecase_operator.infrastructure import RabbitMQ

ConditionStatus = Literal["True", "False", "Unknown"]
State = Literal["Pending", "Blocked", "Progressing", "Ready", "Degraded", "Failed", "Suspended"]
ReplicaSource = Literal["Spec", "Manual", "HPA", "KEDA"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`metav1.Condition`. *last_transition_time* moves with *status* only."""

    type: str
    status: ConditionStatus
    reason: str
    message: str
    last_transition_time: str
    observed_generation: int | None = None


@dataclass(frozen=True, slots=True)
class BlockedOn:
    """What a component waits for; the last entry of a list is the root cause."""

    component: str
    need: str


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many pods, and who says so.

    *from_spec* is the number of the resource that was last made true, *desired* the last one anybody wanted.
    """

    from_spec: int | None = None
    desired: int | None = None
    ready: int | None = None
    updated: int | None = None
    source: ReplicaSource | None = None
    by: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """*since* is when *state* became what it is: gates and roll-outs measure their deadline from it."""

    name: str
    kind: str | None = None
    state: State | None = None
    reason: str | None = None
    message: str | None = None
    blocked_on: tuple[BlockedOn, ...] = ()
    replicas: Replicas | None = None
    scaling_mode: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """*backlog* is a bucket ("0", "1-9", "10-99", …), so that the status rests while the queue moves."""

    name: str
    backlog: str | None = None
    consumers: int | None = None
    dead_letters: int | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the operator made in the broker; written before it is made, so that nothing is forgotten.

    A binding reads "exchange|queue|routingKey".
    """

    exchanges: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokerConnection:
    """How the broker was reached: what was made there outlives the spec's word of it."""

    secret_name: str
    port: int


@dataclass(frozen=True, slots=True)
class MessagingStatus:
    vhost: str | None = None
    connection: BrokerConnection | None = None
    queues: tuple[QueueStatus, ...] = ()
    inventory: Inventory = Inventory()


@dataclass(frozen=True, slots=True)
class Endpoint:
    component: str
    url: str
    scope: Literal["Internal", "External"]


@dataclass(frozen=True, slots=True)
class Status:
    observed_generation: int = -1
    components_ready: str | None = None
    backlog: str | None = None
    dead_letters: int | None = None
    conditions: tuple[Condition, ...] = ()
    components: tuple[ComponentStatus, ...] = ()
    messaging: MessagingStatus | None = None
    endpoints: tuple[Endpoint, ...] = ()

    def condition(self, type_: str) -> Condition | None:
        return next((each for each in self.conditions if each.type == type_), None)

    def way_to(self, rabbitmq: RabbitMQ | None) -> BrokerConnection | None:
        """The way to the broker that the spec names, or that it named when something was made there."""
        if rabbitmq:
            return BrokerConnection(rabbitmq.connection_secret_ref.name, rabbitmq.port)
        return self.messaging.connection if self.messaging else None

    def component(self, name: str) -> ComponentStatus | None:
        return next((each for each in self.components if each.name == name), None)


def parse_status(body: Mapping[str, Any]) -> Status:
    """The status in *body*; a resource nobody has looked at yet has the CRD's `observedGeneration: -1`."""
    return decode(Status, body.get("status") or {}, "status")


def as_json(value: Any) -> Any:
    """The JSON of a status record: absent fields and empty lists are left out."""
    if is_dataclass(value):
        found = {camel(field.name): as_json(getattr(value, field.name)) for field in fields(value)}
        return {key: each for key, each in found.items() if each is not None and each != [] and each != {}}
    return [as_json(each) for each in value] if isinstance(value, tuple) else value
