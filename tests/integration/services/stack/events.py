"""What is published to an exchange while a test listens: a queue of the test's own, gone with its connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika


class Events:
    """The messages that came, in order."""

    def __init__(self) -> None:
        self._came: list[Any] = []

    def add(self, body: bytes) -> None:
        self._came.append(json.loads(body))

    def of_user(self, user_id: int) -> list[Any]:
        """Those that tell of this user's tasks."""
        return [event for event in self._came if event["data"]["user_id"] == user_id]


@asynccontextmanager
async def listening(url: str, exchange: str, key: str) -> AsyncIterator[Events]:
    """Events published to *exchange* by *key* from now on."""
    events = Events()
    async with asyncio.timeout(20):
        connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, key)

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            events.add(message.body)

        await queue.consume(take, no_ack=True)
        yield events
