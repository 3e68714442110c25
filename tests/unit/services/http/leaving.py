"""A server that is told when to leave, on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from unit.services.runtime.asgi import answering
from usecase_http.farewell import serving_peers


@asynccontextmanager
async def served_until(told: asyncio.Event, *, grace: float, farewell: float) -> AsyncIterator[str]:
    """Its address; it leaves when *told* is set, and has left when this returns."""
    ports = asyncio.Queue[int]()

    async def served() -> None:
        async with serving_peers(answering(), 0, host="127.0.0.1", grace=grace, farewell=farewell) as port:
            ports.put_nowait(port)
            await told.wait()

    server = asyncio.create_task(served())
    yield f"http://127.0.0.1:{await ports.get()}/"
    await server
