"""From an event's publishing until analytics show it, at a steady rate, against a bare publish, confirm and consume."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import aio_pika
from pymongo import MongoClient

from bench.services.floor_events import seconds_to_consumer, steadily
from bench.services.rounds import Round, summary
from integration.services.broker import Vhost
from integration.services.stack.stack import Stack
from task_messages import created
from usecase_contracts.messages import serialize
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE, TASK_EVENTS, task_key

PER_SECOND, SECONDS, ROUNDS = 500, 6, 3
FLUSH_SECONDS = 0.1
LOOK_SECONDS = 0.01
WATCHED = 10
"""One event in so many is looked for: looking costs the database, too."""
KEY = task_key("task_created")


def bodies() -> dict[str, bytes]:
    """Event id → message."""
    return {
        str(message.event_id): serialize(message)
        for message in (created(id=10**9 + number) for number in range(PER_SECOND * SECONDS))
    }


async def measured(stack: Stack) -> dict[str, Any]:
    """The ratio is of p99 without one flush interval to the floor's p99, both in milliseconds."""
    vhost = Vhost(stack.backends["rabbitmq"], f"bench-{uuid4().hex[:8]}")
    vhost.make((TASK_ANALYTICS_QUEUE,))
    rounds = []
    for _ in range(ROUNDS):
        floor = await seconds_to_consumer(
            vhost.url, TASK_EVENTS, KEY, TASK_ANALYTICS_QUEUE, bodies(), PER_SECOND
        )  # fmt: skip
        whole = await seconds_to_analytics(stack, bodies())
        below, above = p99_ms(floor), p99_ms(whole)
        rounds.append(Round(below, above, max(0.0, above - FLUSH_SECONDS * 1000) / below))
    vhost.remove()
    return {**summary(rounds), "events_per_second": PER_SECOND, "flush_interval_ms": FLUSH_SECONDS * 1000}


def p99_ms(seconds: Mapping[str, float]) -> float:
    return sorted(seconds.values())[len(seconds) * 99 // 100] * 1000


async def seconds_to_analytics(stack: Stack, bodies: Mapping[str, bytes]) -> dict[str, float]:
    """Event id → seconds from publishing it until MongoDB has its record, of the events that are watched."""
    watched = set(list(bodies)[::WATCHED])
    sent: dict[str, float] = {}
    took: dict[str, float] = {}

    def look(wanted: list[str]) -> list[str]:
        return [each["_id"] for each in records.find({"_id": {"$in": wanted}}, {"_id": 1})]

    async def watch() -> None:
        while len(took) < len(watched):
            waiting = [one for one in sent if one in watched and one not in took]
            for one in await asyncio.to_thread(look, waiting):
                took[one] = time.perf_counter() - sent[one]
            await asyncio.sleep(LOOK_SECONDS)

    connection = await aio_pika.connect(stack.rabbitmq_url)
    async with connection, asyncio.timeout(SECONDS + 60):
        with MongoClient[dict[str, Any]](stack.mongodb_url) as client:
            records = client.get_default_database().task_analytics
            channel = await connection.channel(publisher_confirms=True)
            target = await channel.get_exchange(TASK_EVENTS, ensure=False)

            async def publish(one: str) -> None:
                sent[one] = time.perf_counter()
                await target.publish(aio_pika.Message(bodies[one], delivery_mode=2, message_id=one), KEY)

            watching = asyncio.create_task(watch())
            await steadily(publish, list(bodies), PER_SECOND)
            await watching
    return took
