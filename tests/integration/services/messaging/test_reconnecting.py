"""A broker that lets us in and has not what we need is asked less and less often."""

import asyncio
from itertools import pairwise

import pytest
from aio_pika.abc import AbstractChannel

from integration.services.broker import Vhost
from integration.services.waiting import until
from usecase_messaging.amqp import FIRST_WAIT_SECONDS, keep_connected


async def test_waits_grow_while_a_queue_is_missing(vhost: Vhost) -> None:
    stop, moments = asyncio.Event(), list[float]()

    async def consume_what_is_not_there(channel: AbstractChannel) -> None:
        await channel.get_queue("nobody_declared_it", ensure=True)
        pytest.fail("it is there")

    def lost(_reason: str) -> None:
        moments.append(asyncio.get_running_loop().time())

    running = asyncio.create_task(keep_connected(vhost.url, "test", consume_what_is_not_there, lost, stop))
    await until(lambda: len(moments) == 5, 30)
    stop.set()
    await running
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    # Only from below: a slow machine makes gaps longer. The clock may be a little behind.
    assert [gap >= FIRST_WAIT_SECONDS * 2**number * 0.95 for number, gap in enumerate(gaps)] == [True] * 4


async def test_a_stop_in_the_middle_of_a_handshake_leaves_nothing_open(vhost: Vhost) -> None:
    async def stopped_after(seconds: float) -> None:
        stop = asyncio.Event()

        async def work(_channel: AbstractChannel) -> None:
            await stop.wait()

        connecting = asyncio.create_task(keep_connected(vhost.url, "test", work, pytest.fail, stop))
        await asyncio.sleep(seconds)
        stop.set()
        await connecting

    mine = asyncio.current_task()
    for milliseconds in range(50):
        await stopped_after(milliseconds / 1000)
        await until(lambda: asyncio.all_tasks() == {mine}, 10)
