"""A connection to the broker that is made again whenever it is lost.

The plain connection of the client library and a loop of ours, not its robust one: that one hides losses from
readiness and, after some repairs, consumes twice. Nothing is declared here; what is missing makes the loop
wait.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel
from yarl import URL

from usecase_runtime.server import unless

HEARTBEAT_SECONDS = 10
FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
HANDSHAKE_SECONDS = 1.0
"""For a connection that is being opened when the service stops: one that is broken off stays open in the client library
until the loop ends, and fails there.
"""
_log = structlog.get_logger()
Work = Callable[[AbstractChannel], Awaitable[None]]


async def keep_connected(url: str, name: str, work: Work, lost: Callable[[str], None], stop: asyncio.Event) -> None:
    """Run `work(channel)` on a fresh connection and a confirming channel until it returns; whenever it fails or
    the channel closes, call `lost(reason)` and start over after a growing wait. `name` is what the broker lists.
    `work` ends itself when `stop` is set; without a connection this ends at once.
    """
    clock = asyncio.get_running_loop().time
    wait = 0.0
    while not stop.is_set():
        opened = math.inf
        try:
            address = URL(url).update_query(heartbeat=HEARTBEAT_SECONDS)
            connecting = aio_pika.connect(
                address, timeout=HEARTBEAT_SECONDS, client_properties={"connection_name": name}
            )
            if (connection := await unless(stop, connecting, HANDSHAKE_SECONDS)) is None:
                return
            async with connection:
                if stop.is_set():
                    return
                channel = await connection.channel(on_return_raises=True)
                opened = clock()
                return await _until_closed(channel, work)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        lost(reason)
        wait = wait_after(wait, clock() - opened)
        _log.warning("broker connection lost", connection=name, reason=reason, again_in=wait)
        await unless(stop, asyncio.sleep(wait))


def wait_after(last: float, held: float) -> float:
    """How long to wait before the next connection, when the wait before this one was `last` (0: there was none) and
    its channel was open for `held` seconds. A channel that opens has shown nothing yet: a queue may be missing.
    """
    if held >= LONGEST_WAIT_SECONDS:
        return FIRST_WAIT_SECONDS
    return min(max(last * 2, FIRST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)


async def _until_closed(channel: AbstractChannel, work: Work) -> None:
    """Run `work`; end it with an error as soon as the broker closes the channel or cancels its consumer."""
    underlay = await channel.get_underlay_channel()
    cancelled = asyncio.Event()
    underlay.on_consumer_cancel_callbacks.add(lambda _frame: cancelled.set())
    closing = underlay.closing
    working = asyncio.ensure_future(work(channel))
    waiting = asyncio.ensure_future(cancelled.wait())
    try:
        await asyncio.wait({working, waiting, closing}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        if cancelled.is_set():
            raise ConnectionError("the broker cancelled the consumer: its queue was deleted")
        raise ConnectionError(f"the broker closed the channel: {closing.exception()}")
    finally:
        for task in (working, waiting, closing):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
