"""Writes docs/reference/asyncapi.json: `PYTHONPATH=services/shared/contracts/src python docs/generate_asyncapi.py`.

What a message looks like and which names it travels by stand in services/shared/contracts, who sends and who receives
in crds/examples/task-management.yaml: this page is both in the form of AsyncAPI 3. A contract test compares.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic.json_schema import models_json_schema

from usecase_contracts import messages, topology

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "crds" / "examples" / "task-management.yaml"
PAGE = ROOT / "docs" / "reference" / "asyncapi.json"

Node = dict[str, Any]
MESSAGES: Sequence[type[messages.Envelope]] = get_args(get_args(messages.Message)[0])
BY_BOT = {"attachment_added"}
TO_REMINDERS = {"reminder_due"}
TASK_MESSAGES = [
    name for name in (kind.model_fields["event_type"].default for kind in MESSAGES) if name not in TO_REMINDERS
]
TO_PEOPLE = [name for name in TASK_MESSAGES if name not in BY_BOT | {"task_creation_failed"}]

# Exchange → its routing key, what travels by it, and in whose eyes.
ROUTES: Mapping[str, tuple[str, Sequence[str], str]] = {
    topology.TASK_EVENTS: (topology.task_key("{eventType}"), TASK_MESSAGES, "What happens to tasks."),
    topology.URGENT_NOTIFICATIONS: (
        topology.URGENT_KEY,
        TO_PEOPLE,
        "What happens to urgent tasks, a second time, with the owner's linked chat.",
    ),
    topology.REMINDERS: (topology.REMINDER_DUE_KEY, sorted(TO_REMINDERS), "Reminders whose time has come."),
}
HEADERS: Node = {
    "type": "object",
    "properties": {
        "x-request-id": {"type": "string", "description": "Id of the request that caused the message."},
        "traceparent": {"type": "string", "description": "W3C trace context."},
        "x-tries": {
            "type": "integer",
            "description": "Tries that failed, on a message that comes back by its retry queue.",
        },
        "x-last-error": {"type": "string", "description": "Why the last of these tries failed."},
    },
}


def page(usecase: Node) -> str:
    """The document for a UseCase of these exchanges and queues."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Task management: messages",
            "version": "1",
            "description": (
                "Messages are persistent JSON, published with confirms, delivered at least once and kept once by "
                "`event_id`. Nobody declares anything but the operator. Each queue Q has `Q.retry`, where a message "
                "waits for its next try, and `Q.dlq`, which keeps what was refused or failed too often."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {name: _exchange(name) for name in topology.EXCHANGES}
        | {name: _queue(name) for name in sorted({binding.queue for binding in topology.BINDINGS})},
        "operations": _operations(usecase["spec"]["components"]),
        "components": {
            "messages": {_name(kind): _message(kind) for kind in MESSAGES},
            "messageTraits": {"travelling": {"headers": HEADERS}},
            "schemas": _schemas(),
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _name(kind: type[messages.Envelope]) -> str:
    name: str = kind.model_fields["event_type"].default
    return name


def _message(kind: type[messages.Envelope]) -> Node:
    said = " ".join((kind.__doc__ or "").split())
    return {
        "name": _name(kind),
        "title": kind.__name__,
        **({"summary": said} if said else {}),
        "traits": [{"$ref": "#/components/messageTraits/travelling"}],
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }


def _schemas() -> Node:
    _, found = models_json_schema(
        [(kind, "serialization") for kind in MESSAGES], ref_template="#/components/schemas/{model}"
    )
    schemas: Node = found["$defs"]
    return schemas


def _exchange(name: str) -> Node:
    key, carried, description = ROUTES[name]
    parameters = {"eventType": {"description": "The message's `event_type`.", "enum": list(carried)}}
    return {
        "address": key,
        "title": f"exchange {name}",
        "description": description,
        **({"parameters": parameters} if "{eventType}" in key else {}),
        "messages": _references(carried),
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": name, "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _queue(name: str) -> Node:
    bindings = [binding for binding in topology.BINDINGS if binding.queue == name]
    carried = dict.fromkeys(message for binding in bindings for message in ROUTES[binding.exchange][1])
    sources = ", ".join(f"`{binding.exchange}` by `{binding.routing_key}`" for binding in bindings)
    return {
        "address": name,
        "title": f"queue {name}",
        "description": (
            f"Bound to {sources}. Retries by `{topology.retry_of(name)}`, dead letters in `{topology.dlq_of(name)}`."
        ),
        "messages": _references(list(carried)),
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": name, "durable": True, "exclusive": False, "autoDelete": False},
                "bindingVersion": "0.3.0",
            }
        },
    }


def _operations(components: Sequence[Node]) -> Node:
    """Every `publishes` and `consumes` of the use case."""
    found: Node = {}
    for component in components:
        name = component["name"]
        for edge in component.get("publishes", []):
            carried = [each for each in ROUTES[edge["exchange"]][1] if (each in BY_BOT) == (name == "bot")]
            found[f"{name}-sends-{edge['exchange']}"] = _operation("send", edge["exchange"], carried)
        for edge in component.get("consumes", []):
            found[f"{name}-receives-{edge['queue']}"] = _operation("receive", edge["queue"], None)
    return found


def _operation(action: str, channel: str, carried: Sequence[str] | None) -> Node:
    some = {"messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in carried]} if carried else {}
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, **some}


def _references(names: Sequence[str]) -> Node:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def main() -> None:
    PAGE.write_text(page(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
