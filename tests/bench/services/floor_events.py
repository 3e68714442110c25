"""Floor of an event's way: bare aio-pika publishes with confirms at a steady rate, and consumes. Nothing else."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

PREFETCH = 200


async def steadily(publish: Callable[[str], Awaitable[None]], ids: list[str], per_second: float) -> None:
    """Call `publish` for each id, so many a second whatever they take; return when all have returned."""
    began, running = time.perf_counter(), []
    for number, one in enumerate(ids):
        if (early := began + number / per_second - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        running.append(asyncio.ensure_future(publish(one)))
    await asyncio.gather(*running)


async def seconds_to_consumer(
    url: str, exchange: str, key: str, queue: str, bodies: Mapping[str, bytes], per_second: float
) -> dict[str, float]:
    """Message id → seconds from publishing it until a consumer of *queue* had it."""
    sent: dict[str, float] = {}
    took: dict[str, float] = {}
    everything = asyncio.Event()
    connection = await aio_pika.connect(url)
    async with connection:
        inward, outward = await connection.channel(), await connection.channel(publisher_confirms=True)
        await inward.set_qos(prefetch_count=PREFETCH)
        target = await outward.get_exchange(exchange, ensure=False)

        async def take(message: AbstractIncomingMessage) -> None:
            took[str(message.message_id)] = time.perf_counter() - sent[str(message.message_id)]
            await message.ack()
            if len(took) == len(bodies):
                everything.set()

        async def publish(one: str) -> None:
            sent[one] = time.perf_counter()
            await target.publish(aio_pika.Message(bodies[one], delivery_mode=2, message_id=one), key)

        await (await inward.get_queue(queue, ensure=False)).consume(take)
        await steadily(publish, list(bodies), per_second)
        async with asyncio.timeout(30):
            await everything.wait()
    return took
