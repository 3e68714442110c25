"""A plan's declarations as RabbitMQ's definitions document, the body of one import. Pure; called by `execute` with what
differs, and by the developer's inner loop with everything.
"""

from typing import Any

from usecase_operator.topology.passwords import ALGORITHM
from usecase_operator.topology.plan import Plan


def definitions(vhost: str, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Sections with something in them, as `POST /api/definitions` takes them. The vhost itself is not among them."""
    body: dict[str, list[dict[str, Any]]] = {
        "users": [
            {
                "name": each.name,
                "password_hash": each.password_hash,
                "hashing_algorithm": ALGORITHM,
                "tags": sorted(each.tags),
                "limits": {},
            }
            for each in plan.users
        ],
        "permissions": [
            {
                "user": each.user,
                "vhost": vhost,
                "configure": each.configure,
                "write": each.write,
                "read": each.read,
            }
            for each in plan.permissions
        ],
        "exchanges": [
            {
                "name": each.name,
                "vhost": vhost,
                "type": each.type,
                "durable": each.durable,
                "auto_delete": False,
                "internal": False,
                "arguments": each.arguments,
            }
            for each in plan.exchanges
        ],
        "queues": [
            {
                "name": each.name,
                "vhost": vhost,
                "durable": each.durable,
                "auto_delete": False,
                "arguments": each.arguments,
            }
            for each in plan.queues
        ],
        "bindings": [
            {
                "source": each.exchange,
                "vhost": vhost,
                "destination": each.queue,
                "destination_type": "queue",
                "routing_key": each.routing_key,
                "arguments": {},
            }
            for each in plan.bindings
        ],
        "policies": [
            {
                "name": each.name,
                "vhost": vhost,
                "pattern": each.pattern,
                "apply-to": each.apply_to,
                "priority": each.priority,
                "definition": each.definition,
            }
            for each in plan.policies
        ],
    }
    return {section: found for section, found in body.items() if found}
