"""A server that leaves answers as long as it is asked, but not for ever. On real sockets and a real clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from unit.services.runtime.asgi import answering
from usecase_http.farewell import serving_peers

FAREWELL = 2.0


@asynccontextmanager
async def leaving(grace: float) -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    """A server's address, and what ends with it: it was just told to leave."""
    told, ports = asyncio.Event(), asyncio.Queue[int]()

    async def served() -> None:
        async with serving_peers(answering(), 0, host="127.0.0.1", grace=grace, farewell=FAREWELL) as port:
            ports.put_nowait(port)
            await told.wait()

    server = asyncio.create_task(served())
    address = f"http://127.0.0.1:{await ports.get()}/"
    told.set()
    yield address, server
    await server


async def asked_until_refused(address: str, seconds: float) -> float:
    """How long each request was answered, at most *seconds*; no pause between two of them."""
    clock = asyncio.get_running_loop().time
    start = clock()
    async with httpx.AsyncClient(trust_env=False) as client:
        while clock() - start < seconds:
            try:
                answer = await client.get(address)
            except httpx.ConnectError:
                break
            assert answer.headers["connection"] == "close"
    return clock() - start


async def test_it_answers_for_longer_than_a_farewell_while_it_is_asked() -> None:
    async with leaving(grace=60) as (address, _):
        assert await asked_until_refused(address, 2 * FAREWELL) >= 2 * FAREWELL


async def test_it_leaves_after_a_third_of_its_grace_whoever_asks() -> None:
    async with leaving(grace=9) as (address, server):
        assert 3 <= await asked_until_refused(address, 60) < 60
        async with asyncio.timeout(10):
            await server
