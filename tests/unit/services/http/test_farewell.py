"""A server that leaves says so to those who keep connections to it."""

import asyncio

import httpx

from unit.services.runtime.asgi import answering
from usecase_http.farewell import serving_peers


async def test_a_server_that_leaves_ends_each_connection_with_its_answer() -> None:
    leaving = asyncio.Event()
    async with httpx.AsyncClient() as client:

        async def served() -> None:
            async with serving_peers(answering(), 0, host="127.0.0.1", farewell=1) as port:
                ports.put_nowait(port)
                await leaving.wait()

        ports: asyncio.Queue[int] = asyncio.Queue()
        server = asyncio.create_task(served())
        url = f"http://127.0.0.1:{await ports.get()}/"
        assert "connection" not in (await client.get(url)).headers
        leaving.set()
        assert (await client.get(url)).headers["connection"] == "close"
        await server
