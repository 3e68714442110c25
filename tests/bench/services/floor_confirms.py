"""Floor of the relay: the same messages from memory, by bare aio-pika with confirms, WINDOW at a time. No database."""

import asyncio
import time
from collections.abc import Sequence

import aio_pika

WINDOW = 64


async def confirms_per_second(url: str, exchange: str, key: str, bodies: Sequence[bytes]) -> float:
    """Publish all `bodies` persistently and mandatorily; confirmed messages a second."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        target = await channel.get_exchange(exchange, ensure=False)
        rest = iter(bodies)

        async def publish() -> None:
            for body in rest:
                await target.publish(aio_pika.Message(body, delivery_mode=2), key)

        began = time.perf_counter()
        await asyncio.gather(*(publish() for _ in range(WINDOW)))
        return len(bodies) / (time.perf_counter() - began)
