"""Floor of a create: the same transaction (row and message in one statement) by raw asyncpg, nothing around it."""

import asyncio
import time
from uuid import uuid4

import asyncpg

POOL, IN_FLIGHT = 20, 64
STATEMENT = """
with t as (
  insert into tasks (user_id, title, description, priority, due_date, transaction_id)
  values ($1, $2, $3, 'high', now() + interval '1 day', $4)
  on conflict (transaction_id) do nothing returning *
), o as (
  insert into outbox (event_id, task_id, exchange, routing_key, body)
  select gen_random_uuid(), id, 'task_events', 'task.task_created', row_to_json(t)::text from t
)
select row_to_json(t)::text from t"""


async def creates_per_second(dsn: str, user_id: int, seconds: float) -> float:
    """Creates a second over `seconds`, IN_FLIGHT at once on POOL connections."""
    pool = await asyncpg.create_pool(dsn, min_size=POOL, max_size=POOL)
    deadline, made = time.perf_counter() + seconds, 0

    async def create() -> None:
        nonlocal made
        while time.perf_counter() < deadline:
            await pool.fetchval(STATEMENT, user_id, "Write the quarterly report", "with numbers", uuid4())
            made += 1

    began = time.perf_counter()
    await asyncio.gather(*(create() for _ in range(IN_FLIGHT)))
    rate = made / (time.perf_counter() - began)
    await pool.close()
    return rate
