"""What a use case stands on, as its spec names it: the broker, the stores, and what the broker holds.

The other half of `model`, under the same rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

StoreType = Literal["PostgreSQL", "MongoDB", "Cache"]
ExchangeType = Literal["topic", "direct", "fanout"]
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NameRef:
    name: str


# Where the parts run


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a backend answers: pods (of a namespace, with labels, or both), or else addresses."""

    namespace: str | None = None
    pod_labels: Labels | None = None
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    connection_secret_ref: NameRef
    port: int
    tls: bool
    reach: Reach


@dataclass(frozen=True, slots=True)
class Store:
    name: str
    type: StoreType
    port: int
    secret_ref: NameRef
    reach: Reach


@dataclass(frozen=True, slots=True)
class Infrastructure:
    rabbitmq: RabbitMQ | None = None
    stores: tuple[Store, ...] = ()


# What the broker holds


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a message is tried in all, and the pause between two tries."""

    max_tries: int
    delay_seconds: int


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    type: ExchangeType
    arguments: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    retry: RetryPolicy
    single_active_consumer: bool
    arguments: Mapping[str, int | str]
    message_ttl_seconds: int | None = None
    max_messages: int | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Messaging:
    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()
