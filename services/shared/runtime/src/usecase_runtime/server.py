"""HTTP/1.1 by uvicorn with uvloop and httptools inside a process that owns its own life: start, drain, stop
on a signal.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, MutableMapping
from typing import Any, TypeVar

import uvicorn

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process decides when each of its servers stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: App, port: int, *, host: str, grace: float = 5) -> AsyncIterator[int]:
    """Serve `app` on this address while the body runs; then accept nothing new and let requests finish for up to
    `grace` seconds.

    Yields the port (useful with port 0). Raises OSError naming the port if it is taken.
    """
    try:
        listener = socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
    config = uvicorn.Config(
        app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=max(1, round(grace)),
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets. Call it inside the running loop, once."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, T], patience: float = 0) -> T | None:
    """The result of `work`, or None as soon as `stop` is set: for a start that waits for somebody else.

    `patience`: seconds that `work` then still has, for what is better finished than broken off.
    """
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    ends: set[asyncio.Future[Any]] = {working, stopping}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        await asyncio.wait({working}, timeout=patience)
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.wait({working})
    return None
