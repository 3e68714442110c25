"""Writes what arrives together in one call to mongo-data, which keeps each record once by its event's id.

A message is acknowledged after its batch is stored. One that mongo-data cannot take must not hold up the others: then
each of its batch is tried alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Histogram

from usecase_analytics_worker import domain
from usecase_contracts.analytics import TaskActionBatch, TaskActionRecord
from usecase_contracts.messages import parse
from usecase_http.client import Client
from usecase_runtime import context
from usecase_runtime.coalesce import Coalescer
from usecase_runtime.errors import NotFound, Refused, Reject, ServerError, Unavailable

BATCHES = Histogram(
    "analytics_batch_records", "Records in one call", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
)


def read(body: bytes) -> TaskActionRecord | None:
    """The record that a message's bytes are kept as; ValueError if they are no message."""
    return domain.record(parse(body))


@dataclass(frozen=True)
class Item:
    """A record, and the ids that its message travelled with."""

    record: TaskActionRecord
    request_id: str | None
    traceparent: str | None


class Analytics:
    """Handles the records of the queue."""

    def __init__(self, mongo: Client, most: int, flush_interval: float) -> None:
        self._mongo = mongo
        self._batches: Coalescer[Item, None] = Coalescer(self._write, most, flush_interval)

    async def handle(self, record: TaskActionRecord | None) -> None:
        """Return when the record is stored."""
        if record is not None:
            await self._batches.add(Item(record, context.request_id.get(), context.traceparent.get()))

    async def _write(self, items: list[Item]) -> Sequence[Exception | None]:
        _speak_for(items)
        try:
            await self._send(items)
        except (Refused, ServerError) as error:
            if len(items) == 1:
                return [_verdict(error)]
            return await asyncio.gather(*(self._alone(item) for item in items))
        return [None] * len(items)

    async def _alone(self, item: Item) -> Exception | None:
        _speak_for([item])
        try:
            await self._send([item])
        except Exception as error:
            return _verdict(error)
        return None

    async def _send(self, items: Sequence[Item]) -> None:
        BATCHES.observe(len(items))
        batch = TaskActionBatch(records=[item.record for item in items])
        try:
            await self._mongo.call("POST", "/task_analytics/bulk", batch.model_dump_json().encode())
        except NotFound as error:
            raise Unavailable(
                "POST /task_analytics/bulk is not found: is ANALYTICS_SERVICE_URL mongo-data's?"
            ) from error


def _speak_for(items: Sequence[Item]) -> None:
    """Give the call to mongo-data the ids of its message. A batch of several belongs to no single request, and to
    the first trace in it that is kept.
    """
    context.request_id.set(items[0].request_id if len(items) == 1 else None)
    kept = (item.traceparent for item in items if item.traceparent and int(item.traceparent[-2:], 16) & 1)
    context.traceparent.set(next(kept, items[0].traceparent))


def _verdict(error: Exception) -> Exception:
    """What a failure means for the message: refused is refused for good, all else may pass."""
    return Reject(f"mongo-data refused it: {error}") if isinstance(error, Refused) else error
