"""A server that leaves answers as long as it is asked, but not for ever. On real sockets and a real clock."""

import asyncio

import httpx

from unit.services.http.leaving import served_until

FAREWELL = 2.0


async def asked_until_refused(address: str, seconds: float) -> float:
    """How long each request was answered, at most *seconds*; no pause between two of them."""
    clock = asyncio.get_running_loop().time
    start = clock()
    async with httpx.AsyncClient(trust_env=False) as client:
        while clock() - start < seconds:
            try:
                answer = await client.get(address)
            except httpx.TransportError:  # refused; or cut off, who came in as the door was closed
                break
            assert answer.headers["connection"] == "close"
    return clock() - start


def told() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def test_it_answers_for_longer_than_a_farewell_while_it_is_asked() -> None:
    async with served_until(told(), grace=60, farewell=FAREWELL) as address:
        assert await asked_until_refused(address, 2 * FAREWELL) >= 2 * FAREWELL


async def test_it_leaves_after_a_third_of_its_grace_whoever_asks() -> None:
    async with asyncio.timeout(None) as limit, served_until(told(), grace=9, farewell=FAREWELL) as address:
        assert 3 <= await asked_until_refused(address, 60) < 60
        limit.reschedule(asyncio.get_running_loop().time() + 10)
