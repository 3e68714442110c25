"""The last words of a server that others keep connections to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

from usecase_runtime.server import App, Receive, Scope, Send, serving

FAREWELL_SECONDS = 2.0
LONGEST_SHARE = 1 / 3
"""Of the grace, for peers that go on asking: the rest is for the requests in hand."""


@contextlib.asynccontextmanager
async def serving_peers(
    app: App, port: int, *, host: str, grace: float = 5, farewell: float = FAREWELL_SECONDS
) -> AsyncIterator[int]:
    """Serve `app` like `serving`; but at the end it first answers as before, and ends each connection with its answer,
    until nothing was asked for `farewell` seconds, or a third of `grace` is over: a connection that is closed between
    two requests may have the next one on its way, whose sender can't know whether it was worked on.
    """
    clock = asyncio.get_running_loop().time
    last_words = _LastWords(app, clock)
    longest = max(farewell, grace * LONGEST_SHARE)
    async with serving(last_words, port, host=host, grace=grace - longest) as bound:
        try:
            yield bound
        finally:
            leaving = last_words.begin()
            while (left := min(last_words.asked + farewell, leaving + longest) - clock()) > 0:  # noqa: ASYNC110 - the clock ends it
                await asyncio.sleep(left)


class _LastWords:
    """`app`, whose answers end their connection after `begin` (RFC 9112, 9.6)."""

    def __init__(self, app: App, clock: Callable[[], float]) -> None:
        self._app, self._clock = app, clock
        self._leaving = False
        self.asked = clock()
        """When the last request came."""

    def begin(self) -> float:
        """From now on; returns now."""
        self._leaving = True
        self.asked = self._clock()
        return self.asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def last(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and self._leaving:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        self.asked = self._clock()
        await self._app(scope, receive, last)
