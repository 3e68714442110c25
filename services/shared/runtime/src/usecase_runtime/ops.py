"""The `ops` port: `/healthz` (this process turns), `/readyz` (it may get work), `/metrics` (design §5).

A pure ASGI app, so that workers need no web framework. Liveness never asks another process.
"""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from usecase_runtime.server import App, Receive, Scope, Send

PROBE_SECONDS = 0.9
"""How long a probe of a dependency may take: a little less than the kubelet waits by default."""


class Readiness:
    """What must hold before this process gets work: `parts` report their state, `probes` are asked each time."""

    def __init__(self, *parts: str) -> None:
        self._missing = dict.fromkeys(parts, "not yet")
        self._probes: dict[str, Callable[[], Awaitable[object]]] = {}

    def up(self, part: str) -> None:
        """`part` works."""
        self._missing.pop(part, None)

    def down(self, part: str, reason: str) -> None:
        """`part` does not work, and why. The last word of a process is `down("process", "stopping")`."""
        self._missing[part] = reason

    def probe(self, part: str, probe: Callable[[], Awaitable[object]]) -> None:
        """Ask `probe` from now on whenever somebody wants to know; what it raises is why `part` does not work."""
        self._probes[part] = probe

    async def missing(self) -> dict[str, str]:
        """What does not hold now, with reasons; empty means ready."""
        missing = dict(self._missing)
        for part, probe in self._probes.items():
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await probe()
            except Exception as error:
                missing[part] = f"{type(error).__name__}: {error}"
        return missing


def ops_app(readiness: Readiness, *, metrics: bool) -> App:
    """The app to serve on `METRICS_PORT`; without `metrics`, `/metrics` is not found."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        status, kind, body = 404, "application/json", b'{"status":"not found"}'
        if scope["path"] == "/healthz":
            status, body = 200, b'{"status":"alive"}'
        elif scope["path"] == "/readyz":
            missing = await readiness.missing()
            status = 503 if missing else 200
            body = orjson.dumps({"status": "not ready" if missing else "ready", "missing": missing})
        elif scope["path"] == "/metrics" and metrics:
            status, kind, body = 200, CONTENT_TYPE_LATEST, generate_latest()
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
