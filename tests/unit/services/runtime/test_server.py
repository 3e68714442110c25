"""A server that starts, drains and stops when its owner says so."""

import asyncio
import os
import signal

import httpx
import pytest

from unit.services.runtime.asgi import answering
from usecase_runtime.server import Receive, Scope, Send, serving, stop_signal, unless


async def test_a_request_in_work_is_finished_before_the_server_is_gone() -> None:
    came, go = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        came.set()
        await go.wait()
        await answering(200, b"done")(scope, receive, send)

    async with httpx.AsyncClient() as client:
        async with serving(slow, 0, host="127.0.0.1", grace=5) as port:
            request = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/"))
            await came.wait()
            asyncio.get_running_loop().call_later(0.05, go.set)
        assert (await request).text == "done"
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")


async def test_who_serves_on_loopback_is_reached_there_and_nowhere_else() -> None:
    async with httpx.AsyncClient() as client, serving(answering(), 0, host="127.0.0.1") as port:
        assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 200
        # As good as any other address of this machine, for whoever listens on all of them.
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.2:{port}/")


async def test_a_taken_port_is_named() -> None:
    async with serving(answering(), 0, host="127.0.0.1") as port:
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with serving(answering(), port, host="127.0.0.1"):
                pass


async def test_a_signal_sets_the_event() -> None:
    stop = stop_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await stop.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_start_that_waits_ends_when_it_is_told_to() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_soon(stop.set)
    assert await unless(stop, asyncio.Event().wait()) is None


async def test_what_is_nearly_started_is_finished() -> None:
    stop = asyncio.Event()

    async def start() -> str:
        stop.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "pool"

    assert await unless(stop, start(), patience=60) == "pool"


async def test_a_start_that_succeeds_gives_its_result() -> None:
    async def start() -> str:
        return "pool"

    assert await unless(asyncio.Event(), start()) == "pool"


async def test_a_start_that_fails_says_why() -> None:
    async def start() -> str:
        raise RuntimeError("dbmate failed")

    with pytest.raises(RuntimeError, match="dbmate failed"):
        await unless(asyncio.Event(), start())
