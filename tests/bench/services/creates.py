"""`POST /api/v1/tasks` durable through both hops, against the same transaction by raw asyncpg in the same round."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import orjson

from bench.services.floor_create import IN_FLIGHT, creates_per_second
from bench.services.load import created
from bench.services.rounds import Round, summary
from integration.services.stack.callers import Caller, register
from integration.services.stack.stack import Stack
from integration.services.waiting import until

ROUNDS, SECONDS = 5, 3.0
LOWEST_FLOOR = 5_000
BODY = orjson.dumps(
    {
        "title": "Write the quarterly report",
        "description": "with numbers",
        "priority": "high",
        "due_date": "2099-01-01T09:00:00Z",
    }
)


async def measured(stack: Stack) -> dict[str, Any]:
    """Rounds of floor and stack, in turns first."""
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=30) as api:
        caller = await register(api)
    await _round(stack, caller, 1, seconds=1)  # warm
    rounds, slowest = [], 0.0
    for number in range(ROUNDS):
        one, p99 = await _round(stack, caller, number)
        rounds.append(one)
        slowest = max(slowest, p99)
    return {**summary(rounds, LOWEST_FLOOR), "in_flight": IN_FLIGHT, "worst_p99_ms": round(slowest, 1)}


async def _round(stack: Stack, caller: Caller, number: int, seconds: float = SECONDS) -> tuple[Round, float]:
    port = urlsplit(stack.urls["api"]).port
    assert port is not None

    async def floor() -> float:
        rate = await creates_per_second(stack.dsn, caller.user_id, seconds)
        await quiet(stack)
        return rate

    first = await floor() if number % 2 else None
    load = await created(port, "/api/v1/tasks", caller.token, BODY, IN_FLIGHT, seconds)
    await quiet(stack)
    found = first if first is not None else await floor()
    return Round(found, load.per_second, load.per_second / found), load.p99_ms


async def quiet(stack: Stack) -> None:
    """Return when nothing is left to relay or to consume, so that no round pays for the one before."""
    connection = await asyncpg.connect(stack.dsn)
    try:
        await until(lambda: connection.fetchval("select not exists (select from outbox)"), 120)
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    await until(lambda: asyncio.to_thread(_waiting, stack), 180, expected=0)


def _waiting(stack: Stack) -> int:
    """Messages in the queues that somebody consumes."""
    answer = httpx.get(f"{stack.backends['rabbitmq'].management}/api/queues/%2F", auth=("guest", "guest"), timeout=10)
    return sum(each.get("messages") or 0 for each in answer.json() if each.get("consumers"))
