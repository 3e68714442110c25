"""Consume a queue: acknowledge what is done, try again later what failed, dead-letter what never will work.

Outcome of a handler: returns → ack. `Reject` → dead letter. `Unavailable` → later, as often as it takes. Any
other error, a `ServerError` and too long a time → later, and dead letter after `max_tries`. "Later" is a
confirmed publish to `<queue>.retry` with the count in `x-tries`, then the ack: a crash between both makes a
second copy, so handlers are idempotent by event id.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from usecase_messaging.amqp import keep_connected
from usecase_runtime.context import request_id, valid_request_id
from usecase_runtime.errors import Reject, ServerError, Unavailable
from usecase_runtime.ops import Readiness
from usecase_runtime.tracing import span

PROCESSED = Counter("messages_processed", "Messages settled", ["queue", "outcome"])
SECONDS = Histogram("message_processing_duration_seconds", "Time in the handler", ["queue"])
OUTCOMES = ("acknowledged", "retried", "rejected")
MAX_TRIES = 5
"""What a queue of the UseCase resource has unless it says otherwise, like the next."""
MAX_PROCESSING_SECONDS = 30
_log = structlog.get_logger()
T = TypeVar("T")
Handler = Callable[[bytes], Awaitable[None]]


def reading(parse: Callable[[bytes], T], handle: Callable[[T], Awaitable[None]]) -> Handler:
    """A handler of bytes from a parser and a handler of what it makes; a ValueError of `parse` rejects."""

    async def handler(body: bytes) -> None:
        try:
            parsed = parse(body)
        except ValueError as error:
            raise Reject(f"not a message we know: {error}") from error
        await handle(parsed)

    return handler


async def consume(
    url: str, queue: str, handler: Handler, *,
    readiness: Readiness, stop: asyncio.Event, prefetch: int,
    max_tries: int = MAX_TRIES, seconds: float = MAX_PROCESSING_SECONDS, grace: float = 20,
) -> None:  # fmt: skip
    """Hand the body of every message of `queue` to `handler`, up to `prefetch` at once, each for up to `seconds`,
    until `stop` is set and what was begun is finished (for up to `grace` seconds). The part `consumer` of
    `readiness` is up exactly while the broker has our consumer registered.
    """
    # A series that begins with its first message hides that one: `increase` needs a value from before.
    for outcome in OUTCOMES:
        PROCESSED.labels(queue, outcome)

    async def work(channel: AbstractChannel) -> None:
        await channel.set_qos(prefetch_count=prefetch)
        retry = await channel.get_exchange(f"{queue}.retry", ensure=True)
        source = await channel.get_queue(queue, ensure=True)
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        in_hand: set[asyncio.Task[Any] | None] = set()

        async def deliver(message: AbstractIncomingMessage) -> None:
            in_hand.add(asyncio.current_task())
            try:
                await _settle(message, queue, retry, handler, max_tries, seconds)
            except Exception as error:
                # Neither acknowledged nor put aside: a new connection makes the broker deliver it again.
                if not broken.done():
                    broken.set_exception(error)
            finally:
                in_hand.discard(asyncio.current_task())

        tag = await source.consume(deliver)
        readiness.up("consumer")
        stopping = asyncio.create_task(stop.wait())
        ends: set[asyncio.Future[Any]] = {stopping, broken}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if broken.done():
            broken.result()
        readiness.down("consumer", "stopping")
        await source.cancel(tag)
        if running := {task for task in in_hand if task}:
            await asyncio.wait(running, timeout=grace)

    await keep_connected(url, queue, work, lambda reason: readiness.down("consumer", reason), stop)


async def _settle(
    message: AbstractIncomingMessage, queue: str, retry: AbstractExchange,
    handler: Handler, max_tries: int, seconds: float,
) -> None:  # fmt: skip
    count = message.headers.get("x-tries")
    tries = (count if isinstance(count, int) else 0) + 1
    token = request_id.set(valid_request_id(_text(message, "x-request-id")))
    outcome, limit = "acknowledged", asyncio.timeout(seconds)
    try:
        with span(f"consume {queue}", SpanKind.CONSUMER, _text(message, "traceparent")), SECONDS.labels(queue).time():
            async with limit:
                await handler(message.body)
            _log.info("message handled", queue=queue, id=message.message_id, key=message.routing_key, tries=tries)
    except Exception as error:
        reason = f"not done in {seconds:g} s" if limit.expired() else f"{type(error).__name__}: {error}"[:500]
        uncounted = isinstance(error, Unavailable) and not isinstance(error, ServerError)
        if isinstance(error, Reject) or (tries >= max_tries and not uncounted):
            outcome = "rejected"
        else:
            outcome = "retried"
            await retry.publish(_again(message, tries - uncounted, reason), routing_key="")
        _log.warning(f"message {outcome}", queue=queue, id=message.message_id, tries=tries, reason=reason)
    finally:
        request_id.reset(token)
    await (message.reject(requeue=False) if outcome == "rejected" else message.ack())
    PROCESSED.labels(queue, outcome).inc()


def _text(message: AbstractIncomingMessage, header: str) -> str | None:
    value = message.headers.get(header)
    return value if isinstance(value, str) else None


def _again(message: AbstractIncomingMessage, tries: int, reason: str) -> Message:
    """A copy without the broker's own marks: those would be taken for the next queue's history."""
    kept = {
        name: value
        for name, value in message.headers.items()
        if not name.startswith("x-death") and "-death-" not in name and name != "x-delivery-count"
    }
    headers = {**kept, "x-tries": tries, "x-last-error": reason}
    return Message(
        message.body,
        headers=headers,
        content_type=message.content_type,
        delivery_mode=2,
        message_id=message.message_id,
    )
