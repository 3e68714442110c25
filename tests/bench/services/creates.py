"""`POST /api/v1/tasks` durable through both hops, against the same transaction by raw asyncpg in the same round."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import asyncpg
import httpx
import orjson
from aio_pika.abc import AbstractChannel

from bench.services import machine
from bench.services.floor_create import IN_FLIGHT, creates_per_second
from bench.services.load import Measured, created
from bench.services.rounds import Round, summary
from bench.services.verdicts import ALONE, EVERYBODY
from integration.services.stack.callers import Caller, register
from integration.services.stack.stack import Stack
from integration.services.waiting import until
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE
from usecase_postgres_data import migrations

ROUNDS, SECONDS = 5, 2.5
LOWEST_FLOOR = 5_000
PATH = ("api", "postgres-data")
BESIDE = ("reminder-worker", "analytics-worker", "bot")
"""Who works on the messages of the creates, on the same cores."""
QUEUES = (TASK_REMINDERS_QUEUE, TASK_ANALYTICS_QUEUE, BOT_NOTIFICATIONS_QUEUE)
BODY = orjson.dumps({"title": "Write the quarterly report", "description": "with numbers", "priority": "high"})


@dataclass(frozen=True)
class Floor:
    """A schema like the stack's, that no relay empties, and a user in it."""

    dsn: str
    user_id: int


async def floor(dsn: str) -> Floor:
    """The schema at *dsn*, migrated."""
    await migrations.migrate(dsn)
    connection = await asyncpg.connect(dsn)
    user_id = await connection.fetchval(
        "insert into users (username, email, hashed_password) values ('bench', 'bench@example.com', '$x') returning id"
    )
    await connection.close()
    return Floor(dsn, user_id)


async def measured(stack: Stack, floor: Floor) -> dict[str, Any]:
    """Rounds of floor and stack, in turns first: with all six services at work, and with the two of the path alone."""
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=30) as api:
        caller = await register(api)
    await _load(stack, caller, seconds=1)  # warm
    everybody = await _rounds(stack, floor, caller)
    for name in BESIDE:
        await asyncio.to_thread(stack.members[name].stop)
    alone = await _rounds(stack, floor, caller, queues=())
    for name in BESIDE:
        await asyncio.to_thread(stack.members[name].resume)
    await quiet(stack)
    return {EVERYBODY: everybody, ALONE: alone}


async def _rounds(stack: Stack, floor: Floor, caller: Caller, queues: Sequence[str] = QUEUES) -> dict[str, Any]:
    rounds, loads = [], []
    before = {name: machine.cpu_seconds(stack, name) for name in PATH}
    for number in range(ROUNDS):
        found = 0.0
        if number % 2:
            found = await creates_per_second(floor.dsn, floor.user_id, SECONDS)
        loads.append(await _load(stack, caller, SECONDS, queues))
        found = found or await creates_per_second(floor.dsn, floor.user_id, SECONDS)
        rounds.append(Round(found, loads[-1].per_second, loads[-1].per_second / found))
    made = sum(each.per_second for each in loads) * SECONDS
    return {
        **summary(rounds, LOWEST_FLOOR),
        "in_flight": IN_FLIGHT,
        "p50_ms": [round(each.p50_ms, 1) for each in loads],
        "p99_ms": [round(each.p99_ms, 1) for each in loads],
        "cpu_ms_per_create": {
            name: round((machine.cpu_seconds(stack, name) - used) * 1000 / made, 3) for name, used in before.items()
        },
    }


async def _load(stack: Stack, caller: Caller, seconds: float, queues: Sequence[str] = QUEUES) -> Measured:
    port = urlsplit(stack.urls["api"]).port
    assert port is not None
    load = await created(port, "/api/v1/tasks", caller.token, BODY, IN_FLIGHT, seconds)
    await quiet(stack, queues)
    return load


async def quiet(stack: Stack, queues: Sequence[str] = QUEUES) -> None:
    """Return when nothing is left to relay or to consume, so that nothing pays for what was before."""
    database = await asyncpg.connect(stack.dsn)
    try:
        await until(lambda: database.fetchval("select not exists (select from outbox)"), 120)
    finally:
        await database.close()
    connection = await aio_pika.connect(stack.rabbitmq_url)
    async with connection:
        channel = await connection.channel()
        for queue in queues:
            await until(lambda: _waiting(channel, queue), 180, expected=0)  # noqa: B023 - awaited in its turn


async def _waiting(channel: AbstractChannel, queue: str) -> int:
    declared = await channel.declare_queue(queue, passive=True)
    return declared.declaration_result.message_count or 0
