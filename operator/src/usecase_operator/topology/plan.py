"""What has to happen in the broker: `diff(desired, observed)` as data. `broker/execute.py` carries it out.

Three rules keep other people's things safe. What is not in the inventory (made by the operator, noted in the
status before it was made) is *foreign*: reported, never deleted. What can't be changed in place is a
*conflict*: reported, never deleted. A vhost or user without our mark is *not ours*: nothing is done at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from usecase_operator.topology.objects import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    Topology,
    User,
    Vhost,
)
from usecase_operator.topology.ownership import POLICY_PREFIX, is_ours, is_released


@dataclass(frozen=True, slots=True)
class Inventory:
    """Names of what the operator has made in the vhost; bindings as `str(Binding)`."""

    exchanges: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    bindings: frozenset[str] = frozenset()

    @staticmethod
    def of(topology: Topology) -> "Inventory":
        return Inventory(
            frozenset(topology.exchanges), frozenset(topology.queues), frozenset(map(str, topology.bindings))
        )

    def __or__(self, other: "Inventory") -> "Inventory":
        return Inventory(self.exchanges | other.exchanges, self.queues | other.queues, self.bindings | other.bindings)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One property that the broker doesn't change: the object would have to be deleted and made again."""

    kind: str
    name: str
    field: str
    observed: Any
    desired: Any

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.field} is {self.observed!r} and should be {self.desired!r}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Objects to declare (new or changed), names to delete, and what is left alone and why."""

    vhost: Vhost | None = None
    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()
    policies: tuple[Policy, ...] = ()
    users: tuple[User, ...] = ()
    permissions: tuple[Permission, ...] = ()
    delete_bindings: tuple[Binding, ...] = ()
    delete_queues: tuple[str, ...] = ()
    delete_exchanges: tuple[str, ...] = ()
    delete_policies: tuple[str, ...] = ()
    delete_permissions: tuple[str, ...] = ()
    delete_users: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def declared(self) -> list[str]:
        """What is declared, in words: `queue task_reminders`."""
        vhost = [f"vhost {self.vhost.name}"] if self.vhost else []
        return [
            *vhost,
            *(f"exchange {each.name}" for each in self.exchanges),
            *(f"queue {each.name}" for each in self.queues),
            *(f"binding {each.exchange} -> {each.queue} ({each.routing_key!r})" for each in self.bindings),
            *(f"policy {each.name}" for each in self.policies),
            *(f"user {each.name}" for each in self.users),
            *(f"permission of user {each.user}" for each in self.permissions),
        ]

    @property
    def deletes(self) -> bool:
        return any(
            (
                self.delete_bindings,
                self.delete_queues,
                self.delete_exchanges,
                self.delete_policies,
                self.delete_permissions,
                self.delete_users,
            )
        )


def not_ours(desired: Topology, observed: Topology, uid: str) -> list[str]:
    """Vhost and users of the desired names that somebody else made; empty if all is free or ours."""
    found = []
    if observed.vhost and not (is_ours(observed.vhost.tags, uid) or is_released(observed.vhost.tags)):
        found.append(f"vhost {observed.vhost.name}")
    for name in sorted(desired.users.keys() & observed.users.keys()):
        tags = observed.users[name].tags
        if not (is_ours(tags, uid) or is_released(tags)):
            found.append(f"user {name}")
    return found


def diff(desired: Topology, observed: Topology, inventory: Inventory, uid: str) -> Plan:
    """The plan that leads from *observed* to *desired*. Empty (no declares, no deletes) if they agree."""
    conflicts = tuple(_conflicts(desired, observed))
    exchanges = _missing(desired.exchanges, observed.exchanges)
    queues = _missing(desired.queues, observed.queues)
    bindings = tuple(sorted(desired.bindings - observed.bindings))
    policies = _different(desired.policies, observed.policies)
    users = _different(desired.users, observed.users)
    permissions = _different(desired.permissions, observed.permissions)
    vhost = desired.vhost if desired.vhost != observed.vhost else None
    surplus = observed.bindings - desired.bindings
    return Plan(
        vhost=vhost,
        exchanges=exchanges,
        queues=queues,
        bindings=bindings,
        policies=policies,
        users=users,
        permissions=permissions,
        delete_bindings=tuple(sorted(each for each in surplus if _made(each, inventory))),
        delete_queues=_dropped(desired.queues, observed.queues, inventory.queues),
        delete_exchanges=_dropped(desired.exchanges, observed.exchanges, inventory.exchanges),
        delete_policies=tuple(
            sorted(
                name for name in observed.policies.keys() - desired.policies.keys() if name.startswith(POLICY_PREFIX)
            )
        ),
        delete_permissions=tuple(
            sorted(
                name
                for name in observed.permissions.keys() - desired.permissions.keys()
                if name in observed.users and is_ours(observed.users[name].tags, uid)
            )
        ),
        delete_users=tuple(
            sorted(
                name for name in observed.users.keys() - desired.users.keys() if is_ours(observed.users[name].tags, uid)
            )
        ),
        conflicts=conflicts,
        foreign=tuple(_foreign(desired, observed, inventory, uid)),
    )


def _made(binding: Binding, inventory: Inventory) -> bool:
    return binding.plain and str(binding) in inventory.bindings


def _missing(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(each for name, each in sorted(desired.items()) if name not in observed)


def _different(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(each for name, each in sorted(desired.items()) if observed.get(name) != each)


def _dropped(desired: Mapping[str, Any], observed: Mapping[str, Any], made: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted((observed.keys() - desired.keys()) & made))


def _conflicts(desired: Topology, observed: Topology) -> Iterable[Conflict]:
    for name in sorted(desired.exchanges.keys() & observed.exchanges.keys()):
        want, have = desired.exchanges[name], observed.exchanges[name]
        for field in ("type", "durable"):
            if getattr(want, field) != getattr(have, field):
                yield Conflict("exchange", name, field, getattr(have, field), getattr(want, field))
        yield from _arguments("exchange", name, want.arguments, have.arguments)
    for name in sorted(desired.queues.keys() & observed.queues.keys()):
        wanted, found = desired.queues[name], observed.queues[name]
        if wanted.durable != found.durable:
            yield Conflict("queue", name, "durable", found.durable, wanted.durable)
        yield from _arguments("queue", name, wanted.arguments, found.arguments)


def _arguments(kind: str, name: str, want: Mapping[str, Any], have: Mapping[str, Any]) -> Iterable[Conflict]:
    for key in sorted(want.keys() | have.keys()):
        if want.get(key) != have.get(key):
            yield Conflict(kind, name, f"argument {key}", have.get(key), want.get(key))


def _foreign(desired: Topology, observed: Topology, inventory: Inventory, uid: str) -> Iterable[str]:
    for name in sorted(observed.queues.keys() - desired.queues.keys() - inventory.queues):
        yield f"queue {name}"
    for name in sorted(observed.exchanges.keys() - desired.exchanges.keys() - inventory.exchanges):
        yield f"exchange {name}"
    for each in sorted(observed.bindings - desired.bindings):
        if not _made(each, inventory):
            yield f"binding {each.exchange} -> {each.queue} ({each.routing_key!r})"
    for name in sorted(observed.policies.keys() - desired.policies.keys()):
        if not name.startswith(POLICY_PREFIX):
            yield f"policy {name}"
    for name in sorted(observed.permissions.keys() - desired.permissions.keys()):
        if not (name in observed.users and is_ours(observed.users[name].tags, uid)):
            yield f"permission of user {name}"
