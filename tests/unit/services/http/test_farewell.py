"""A server that leaves says so to those who keep connections to it."""

import asyncio

import httpx

from unit.services.http.leaving import served_until


async def test_a_server_that_leaves_ends_each_connection_with_its_answer() -> None:
    told = asyncio.Event()
    async with httpx.AsyncClient() as client, served_until(told, grace=5, farewell=1) as url:
        assert "connection" not in (await client.get(url)).headers
        told.set()
        assert (await client.get(url)).headers["connection"] == "close"
