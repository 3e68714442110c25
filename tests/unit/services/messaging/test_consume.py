"""What a consumer tells before it has met any message."""

import asyncio

from prometheus_client import REGISTRY

from usecase_messaging.consume import OUTCOMES, consume
from usecase_runtime.ops import Readiness


async def test_every_outcome_is_counted_from_zero() -> None:
    async def handler(body: bytes) -> None:
        raise AssertionError(body)

    stop = asyncio.Event()
    stop.set()
    await consume("amqp://nowhere", "untouched", handler, readiness=Readiness("consumer"), stop=stop, prefetch=1)
    told = [
        REGISTRY.get_sample_value("messages_processed_total", {"queue": "untouched", "outcome": outcome})
        for outcome in OUTCOMES
    ]
    assert told == [0.0, 0.0, 0.0]
