"""Definitions as RabbitMQ 4.0.5 gives them (shortened), read as topologies."""

from typing import Any

from usecase_operator.topology.objects import Binding, Exchange, Permission, Policy, Queue, User
from usecase_operator.topology.observed import observed, slices

DEFINITIONS: dict[str, Any] = {
    "users": [
        {"name": "guest", "password_hash": "x", "tags": ["administrator"]},
        {"name": "ns.uc.api", "password_hash": "AAAA", "tags": ["usecase-operator", "uid.123"]},
    ],
    "vhosts": [
        {"name": "/", "metadata": {"tags": [], "default_queue_type": "classic"}},
        {
            "name": "ns.uc",
            "description": "d",
            "metadata": {
                "description": "d",
                "tags": ["usecase-operator", "uid.123"],
                "default_queue_type": "quorum",
            },
            "tags": ["usecase-operator", "uid.123"],
            "default_queue_type": "quorum",
        },
    ],
    "permissions": [{"user": "ns.uc.api", "vhost": "ns.uc", "configure": "^$", "write": "^A$", "read": "^$"}],
    "policies": [
        {
            "vhost": "ns.uc",
            "name": "usecase.q",
            "pattern": "^q$",
            "apply-to": "quorum_queues",
            "definition": {"delivery-limit": -1},
            "priority": 10,
        }
    ],
    "queues": [
        {
            "name": "q",
            "vhost": "ns.uc",
            "durable": True,
            "auto_delete": False,
            "arguments": {"x-queue-type": "quorum"},
        }
    ],
    "exchanges": [
        {
            "name": "A",
            "vhost": "ns.uc",
            "type": "topic",
            "durable": True,
            "auto_delete": False,
            "internal": False,
            "arguments": {},
        }
    ],
    "bindings": [
        {
            "source": "A",
            "vhost": "ns.uc",
            "destination": "q",
            "destination_type": "queue",
            "routing_key": "a.#",
            "arguments": {},
        }
    ],
}


def test_one_document_is_cut_into_vhosts() -> None:
    assert set(slices(DEFINITIONS)) == {"/", "ns.uc"}


def test_every_object_of_a_vhost_is_read() -> None:
    topology = observed(slices(DEFINITIONS)["ns.uc"])
    assert topology.vhost is not None
    assert topology.vhost.tags == {"usecase-operator", "uid.123"}
    assert topology.queues == {"q": Queue("q", {"x-queue-type": "quorum"})}
    assert topology.exchanges == {"A": Exchange("A", "topic")}
    assert topology.bindings == {Binding("A", "q", "a.#")}
    assert topology.policies == {"usecase.q": Policy("usecase.q", "^q$", {"delivery-limit": -1})}
    assert topology.users == {"ns.uc.api": User("ns.uc.api", frozenset({"usecase-operator", "uid.123"}), "AAAA")}
    assert topology.permissions == {"ns.uc.api": Permission("ns.uc.api", "^$", "^A$", "^$")}


def test_a_vhost_that_is_gone_leaves_its_users_to_see() -> None:
    gone = {**DEFINITIONS, "vhosts": [], "permissions": [], "policies": [], "queues": []}
    topology = observed(slices({**gone, "exchanges": [], "bindings": []})["ns.uc"])
    assert topology.vhost is None
    assert set(topology.users) == {"ns.uc.api"}
