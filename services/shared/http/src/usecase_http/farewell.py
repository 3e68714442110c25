"""The last words of a server that others keep connections to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

from usecase_runtime.server import App, Receive, Scope, Send, serving

FAREWELL_SECONDS = 2.0


@contextlib.asynccontextmanager
async def serving_peers(
    app: App, port: int, *, host: str = "0.0.0.0", grace: float = 5, farewell: float = FAREWELL_SECONDS
) -> AsyncIterator[int]:
    """Serve `app` like `serving`; but the first `farewell` of the `grace` seconds at the end it answers as before
    and ends each connection with its answer: one that is closed between two requests may have the next one on its
    way, whose sender can't know whether it was worked on.
    """
    leaving = asyncio.Event()
    async with serving(_ending(app, leaving), port, host=host, grace=grace - farewell) as bound:
        try:
            yield bound
        finally:
            leaving.set()
            await asyncio.sleep(farewell)


def _ending(app: App, leaving: asyncio.Event) -> App:
    """`app`, whose answers end their connection once `leaving` is set (RFC 9112, 9.6)."""

    async def ended(scope: Scope, receive: Receive, send: Send) -> None:
        async def last(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and leaving.is_set():
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await app(scope, receive, last)

    return ended
