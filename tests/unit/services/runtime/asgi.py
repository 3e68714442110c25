"""How unit tests call an ASGI app: in this process, without a socket between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from usecase_runtime.server import App, Receive, Scope, Send


@asynccontextmanager
async def calling(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`; what the app raises after its answer is the server's business, not the caller's."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        yield client


def answering(status: int = 200, body: bytes = b"{}", *headers: tuple[bytes, bytes]) -> App:
    """An app that always gives this answer."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app
