"""Publish with confirms: a return means the broker has the message in a queue and on disk."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractExchange
from aio_pika.exceptions import DeliveryError, PublishError

from usecase_messaging.amqp import keep_connected
from usecase_runtime.errors import NotTaken, Unavailable, Unroutable

CONFIRM_SECONDS = 10.0


class Publisher:
    """Made by `publisher`; `connected` is set while a confirming channel is open."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self._exchanges: dict[str, AbstractExchange] = {}

    async def publish(
        self, exchange: str, routing_key: str, body: bytes, *, message_id: str, headers: Mapping[str, str]
    ) -> None:
        """Publish one persistent JSON message and wait for its confirm; many calls may wait at once.

        Raises Unroutable, or Unavailable when the broker did not confirm: then it may or may not have the
        message. It is NotTaken, one of its kind, when a broker that is there said no, or nothing for too long.
        """
        if not self.connected.is_set():
            raise Unavailable("not connected to the broker")
        message = Message(
            body, content_type="application/json", delivery_mode=2, message_id=message_id, headers=dict(headers)
        )
        try:
            await self._exchanges[exchange].publish(message, routing_key, timeout=CONFIRM_SECONDS)
        except PublishError as error:
            raise Unroutable(f"no queue is bound to {exchange} for {routing_key}") from error
        except (DeliveryError, TimeoutError) as error:
            raise NotTaken(f"not confirmed: {type(error).__name__}: {error}") from error
        except Exception as error:
            raise Unavailable(f"not confirmed: {type(error).__name__}: {error}") from error

    async def hold(self, channel: AbstractChannel, exchanges: tuple[str, ...], stop: asyncio.Event) -> None:
        """Publish through `channel` until `stop` is set."""
        self._exchanges = {name: await channel.get_exchange(name, ensure=True) for name in exchanges}
        self.connected.set()
        try:
            await stop.wait()
        finally:
            self.connected.clear()


@asynccontextmanager
async def publisher(url: str, name: str, exchanges: tuple[str, ...]) -> AsyncIterator[Publisher]:
    """A publisher to `exchanges`, which must exist; it connects, and connects again, in the background."""
    made, stop = Publisher(), asyncio.Event()
    holding = keep_connected(url, name, lambda channel: made.hold(channel, exchanges, stop), lambda _: None, stop)
    running = asyncio.create_task(holding)
    try:
        yield made
    finally:
        stop.set()
        await running
