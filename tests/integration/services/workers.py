"""The two workers as processes, each with the data service it writes to, and what tests do to them."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from integration.services.broker import Vhost
from integration.services.process import Process, service
from usecase_contracts import messages, topology

RETRIED = re.compile(r'messages_processed_total\{outcome="retried",queue="\w+"\} ([0-9.e+]+)')


@dataclass(frozen=True)
class Kind:
    """One of the two: its module, its queue, and the variable that names its data service."""

    module: str
    queue: str
    upstream: str

    @contextmanager
    def run(self, vhost: Vhost, url: str, *, wait: bool = True, **variables: str) -> Iterator[Process]:
        """The worker on a vhost and a data service."""
        own = {"RABBITMQ_URL": vhost.url, self.upstream: url, **variables}
        with service(self.module, own, wait=wait) as running:
            yield running


ANALYTICS = Kind("usecase_analytics_worker", topology.TASK_ANALYTICS_QUEUE, "ANALYTICS_SERVICE_URL")
REMINDERS = Kind("usecase_reminder_worker", topology.TASK_REMINDERS_QUEUE, "DATABASE_SERVICE_URL")


def tell(vhost: Vhost, *told: messages.Message) -> None:
    """Publish these messages, in this order."""
    for message in told:
        vhost.publish(topology.TASK_EVENTS, topology.task_key(message.event_type), messages.serialize(message))


def acknowledged(worker: Process) -> float:
    """How many messages the worker has handled, to the end."""
    lines = worker.ops.get("/metrics").text.splitlines()
    wanted = 'messages_processed_total{outcome="acknowledged"'
    return sum(float(line.split()[-1]) for line in lines if line.startswith(wanted))


def retried(worker: Process) -> float:
    """How many messages the worker has put aside for later."""
    found = RETRIED.search(worker.ops.get("/metrics").text)
    return float(found[1]) if found else 0


class Fault:
    """Stands in front of a data service: passes everything on, but answers 500 to bodies that hold `poison`."""

    def __init__(self, upstream: Process, poison: bytes) -> None:
        self._upstream, self._poison = upstream, poison
        self.poisoned = 0

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        if self._poison in body:
            self.poisoned += 1
            return 500, b"{}"
        passed = {name: value for name, value in headers.items() if name.lower() in ("authorization", "content-type")}
        with httpx.Client(base_url=self._upstream.url, timeout=30) as client:
            answer = client.request(method, path, content=body, headers=passed)
        return answer.status_code, answer.content


@contextmanager
def faulty(upstream: Process, poison: bytes) -> Iterator[tuple[Fault, str]]:
    """The fault and the URL that it listens on."""
    fault = Fault(upstream, poison)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, answer = fault.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _pass  # noqa: N815 - the library's names

        def log_message(self, *_arguments: Any) -> None:
            """Nothing: the services log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield fault, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def bodies(found: Sequence[dict[str, Any]]) -> list[str]:
    """What stands in messages that the management API gave."""
    return [message["payload"] for message in found]
