"""What the operator declares for the task-management use case, made here in a vhost of a test's own.

Test code: services never declare anything.
"""

from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from cluster.backends import Running
from integration.management import management_client
from usecase_contracts.topology import BINDINGS, EXCHANGES, dlq_of, retry_of

RETRY_MILLISECONDS = 200


def definitions(queues: tuple[str, ...], retry_milliseconds: int = RETRY_MILLISECONDS) -> dict[str, Any]:
    """Exchanges, queues with their retry and dead-letter companions, bindings, policies (design §4)."""
    named = [name for queue in queues for name in (queue, retry_of(queue), dlq_of(queue))]
    durable = {"durable": True, "auto_delete": False, "arguments": {}}
    exchanges = [{"name": name, "type": "topic", **durable} for name in EXCHANGES]
    exchanges += [{"name": retry_of(queue), "type": "fanout", **durable} for queue in queues]
    bindings = [
        {"source": b.exchange, "destination": b.queue, "destination_type": "queue", "routing_key": b.routing_key}
        for b in BINDINGS
        if b.queue in queues
    ]
    bindings += [
        {"source": retry_of(q), "destination": retry_of(q), "destination_type": "queue", "routing_key": ""}
        for q in queues
    ]
    return {
        "exchanges": exchanges,
        "queues": [{"name": name, **durable, "arguments": {"x-queue-type": "quorum"}} for name in named],
        "bindings": [{**binding, "arguments": {}} for binding in bindings],
        "policies": [policy for queue in queues for policy in _policies(queue, retry_milliseconds)],
    }


def _policies(queue: str, retry_milliseconds: int) -> list[dict[str, Any]]:
    safe = {"dead-letter-exchange": "", "dead-letter-strategy": "at-least-once", "overflow": "reject-publish"}
    each = {
        queue: {**safe, "dead-letter-routing-key": dlq_of(queue), "delivery-limit": 50},
        retry_of(queue): {
            **safe,
            "dead-letter-routing-key": queue,
            "message-ttl": retry_milliseconds,
            "delivery-limit": -1,
        },
        dlq_of(queue): {"overflow": "reject-publish", "delivery-limit": -1},
    }
    return [
        {
            "name": name,
            "pattern": f"^{name.replace('.', '[.]')}$",
            "apply-to": "quorum_queues",
            "priority": 0,
            "definition": definition,
        }
        for name, definition in each.items()
    ]


class Vhost:
    """A vhost on a running broker, by its management API."""

    def __init__(self, rabbitmq: Running, name: str) -> None:
        self._http = management_client(rabbitmq)
        self._name = name
        self.url = urlsplit(rabbitmq.uri)._replace(path=f"/{quote(name, safe='')}").geturl()

    def make(self, queues: tuple[str, ...]) -> None:
        """The vhost with the topology of `queues`, and nothing else in it."""
        self._http.put(f"/vhosts/{self._name}", json={"default_queue_type": "quorum"}).raise_for_status()
        self._http.post(f"/definitions/{self._name}", json=definitions(queues)).raise_for_status()

    def limit_deliveries(self, queue: str, limit: int) -> None:
        """Let the broker itself give up a message that comes back unsettled more than `limit` times."""
        (policy,) = [each for each in _policies(queue, RETRY_MILLISECONDS) if each["name"] == queue]
        policy["definition"]["delivery-limit"] = limit
        self._http.post(f"/definitions/{self._name}", json={"policies": [policy]}).raise_for_status()

    def publish(self, exchange: str, key: str, body: bytes) -> None:
        """Publish as somebody else than our services would: without their ids and headers."""
        message = {
            "routing_key": key,
            "payload": b64encode(body).decode(),
            "payload_encoding": "base64",
            "properties": {"delivery_mode": 2},
        }
        answer = self.request("POST", f"/exchanges/{{v}}/{exchange}/publish", json=message)
        assert answer.json() == {"routed": True}, answer.text

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One call below `/api/<path>`; `{v}` in the path is the vhost."""
        return self._http.request(method, path.replace("{v}", self._name), **options)

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """All messages of a queue, which keeps them."""
        options = {"count": 10_000, "ackmode": "ack_requeue_true", "encoding": "auto"}
        answer = self.request("POST", f"/queues/{{v}}/{queue}/get", json=options)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def count(self, queue: str) -> int | None:
        """Messages in a queue, in hand or not; None while the broker has not counted them yet."""
        answer = self.request("GET", f"/queues/{{v}}/{queue}")
        answer.raise_for_status()
        count: int | None = answer.json().get("messages")
        return count

    def consumers(self, queue: str) -> int:
        """How many consumers the broker has registered for a queue."""
        listed = self.request("GET", "/consumers/{v}").json()
        return sum(1 for each in listed if each["queue"]["name"] == queue)

    def close_connections(self) -> int:
        """As an administrator does it; how many there were."""
        listed = self.request("GET", "/vhosts/{v}/connections").json()
        for each in listed:
            self.request("DELETE", f"/connections/{quote(each['name'], safe='')}")
        return len(listed)

    def remove(self) -> None:
        """The vhost with all that is in it."""
        self.request("DELETE", "/vhosts/{v}")
        self._http.close()
