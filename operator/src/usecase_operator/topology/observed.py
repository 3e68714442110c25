"""The broker's definitions → the topology of each vhost. One document serves every UseCase of a broker.

`GET /api/definitions` is the cheapest whole read (docs/decisions, "observing the broker"). It has no message
counts, and it leaves out transient queues.
"""

from collections.abc import Mapping
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
    canonical,
)

Definitions = Mapping[str, Any]


def slices(definitions: Definitions) -> dict[str, dict[str, list[Any]]]:
    """The raw definitions of each vhost, users included where the vhost's name begins theirs.

    A user belongs to `<namespace>.<usecase>` if its name is that plus one more part: the operator's naming.
    """
    found: dict[str, dict[str, list[Any]]] = {each["name"]: {"vhosts": [each]} for each in definitions["vhosts"]}
    for section in ("exchanges", "queues", "bindings", "policies", "permissions"):
        for each in definitions.get(section, ()):
            found.setdefault(each["vhost"], {}).setdefault(section, []).append(each)
    for each in definitions["users"]:
        vhost, _, part = each["name"].rpartition(".")
        if part and vhost:
            found.setdefault(vhost, {}).setdefault("users", []).append(each)
    return found


def observed(part: Mapping[str, list[Any]]) -> Topology:
    """The topology in one value of `slices`."""
    vhost = next(iter(part.get("vhosts", ())), None)
    return Topology(
        vhost=_vhost(vhost) if vhost else None,
        exchanges={
            each["name"]: Exchange(each["name"], each["type"], each["arguments"], each["durable"])
            for each in part.get("exchanges", ())
        },
        queues={
            each["name"]: Queue(each["name"], each["arguments"], each["durable"]) for each in part.get("queues", ())
        },
        bindings=frozenset(
            Binding(
                each["source"],
                each["destination"],
                each["routing_key"],
                canonical(each["arguments"]),
                each["destination_type"],
            )
            for each in part.get("bindings", ())
        ),
        policies={
            each["name"]: Policy(each["name"], each["pattern"], each["definition"], each["apply-to"], each["priority"])
            for each in part.get("policies", ())
        },
        users={
            each["name"]: User(each["name"], frozenset(each["tags"]), each["password_hash"])
            for each in part.get("users", ())
        },
        permissions={
            each["user"]: Permission(each["user"], each["configure"], each["write"], each["read"])
            for each in part.get("permissions", ())
        },
    )


def _vhost(found: Mapping[str, Any]) -> Vhost:
    metadata = found.get("metadata", {})
    return Vhost(
        name=found["name"],
        tags=frozenset(found.get("tags", metadata.get("tags", ()))),
        description=found.get("description", metadata.get("description", "")),
        default_queue_type=found.get("default_queue_type", metadata.get("default_queue_type", "classic")),
    )
