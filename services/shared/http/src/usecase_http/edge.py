"""The outermost layer of an HTTP service: request id, trace, metrics and one log line for each request.

Pure ASGI: a layer by the stock middleware base class costs half a millisecond.
"""

import time
import uuid
from functools import lru_cache

import structlog
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge, Histogram

from usecase_runtime.context import request_id, valid_request_id
from usecase_runtime.server import App, Receive, Scope, Send
from usecase_runtime.tracing import span

REQUESTS = Counter("http_requests", "Requests answered", ["service", "method", "endpoint", "status_code"])
SECONDS = Histogram("http_request_duration_seconds", "Time to answer", ["service", "method", "endpoint"])
ACTIVE = Gauge("http_active_requests", "Requests in work", ["service"])
_log = structlog.get_logger()


@lru_cache(maxsize=4096)
def _meters(service: str, method: str, endpoint: str, status: int) -> tuple[Counter, Histogram]:
    """Looked up once for each combination: finding the labels costs more than counting."""
    return REQUESTS.labels(service, method, endpoint, status), SECONDS.labels(service, method, endpoint)


def edge(app: App, service: str) -> App:
    """Wrap `app`. Endpoints are labelled by their route template, never by the path that came."""
    active = ACTIVE.labels(service)

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 500
        headers = dict(scope["headers"])
        own_id = valid_request_id(headers.get(b"x-request-id", b"").decode("latin-1")) or uuid.uuid4().hex
        token = request_id.set(own_id)
        active.inc()

        async def labelled(message: Scope) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", own_id.encode())]
            await send(message)

        method, path = scope["method"], scope["path"]
        try:
            parent = headers.get(b"traceparent", b"").decode("latin-1")
            with span(f"{method} {service}", SpanKind.SERVER, parent) as traced:
                try:
                    await app(scope, receive, labelled)
                except Exception:
                    _log.exception("request failed", method=method, path=path)
                endpoint = getattr(scope.get("route"), "path", "unmatched")
                if traced is not None:
                    traced.update_name(f"{method} {endpoint}")
                    traced.set_attribute("http.response.status_code", status)
                seconds = time.perf_counter() - started
                _log.info("request", method=method, path=path, status=status, seconds=round(seconds, 6))
        finally:
            active.dec()
            request_id.reset(token)
        answered, timed = _meters(service, method, endpoint, status)
        answered.inc()
        timed.observe(seconds)

    return layer
