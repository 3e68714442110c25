"""The broker's objects as frozen data. Equal data means: nothing to do.

Names are the broker's own words (configure, write, read; pattern, definition). Everything lives in one vhost,
so no object repeats the vhost's name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    type: str
    arguments: Arguments = field(default_factory=dict)
    durable: bool = True


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    arguments: Arguments
    durable: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """*arguments* is canonical JSON: a binding is its own identity in the broker, and so must be hashable."""

    exchange: str
    queue: str
    routing_key: str
    arguments: str = "{}"
    destination_type: str = "queue"

    def __str__(self) -> str:
        return f"{self.exchange}|{self.queue}|{self.routing_key}"

    @property
    def plain(self) -> bool:
        """As the operator makes them. One with arguments, or to an exchange, may read the same and is another."""
        return self.arguments == "{}" and self.destination_type == "queue"


@dataclass(frozen=True, slots=True)
class Policy:
    """*definition* holds what may change in a queue's life; its arguments can't."""

    name: str
    pattern: str
    definition: Mapping[str, Any]
    apply_to: str = "quorum_queues"
    priority: int = 10


@dataclass(frozen=True, slots=True)
class User:
    """*password_hash*: `passwords.hashed`. The owner's mark is among the *tags*."""

    name: str
    tags: frozenset[str]
    password_hash: str


@dataclass(frozen=True, slots=True)
class Permission:
    user: str
    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class Vhost:
    name: str
    tags: frozenset[str]
    description: str
    default_queue_type: str = "quorum"


@dataclass(frozen=True, slots=True)
class Topology:
    """All of one vhost; *vhost* is None where the broker has none (then the rest is empty, users apart)."""

    vhost: Vhost | None = None
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    bindings: frozenset[Binding] = frozenset()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    permissions: Mapping[str, Permission] = field(default_factory=dict)


def canonical(arguments: Arguments) -> str:
    """Arguments as text that is equal for equal arguments."""
    return json.dumps(arguments, sort_keys=True, separators=(",", ":"))
