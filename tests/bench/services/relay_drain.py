"""How fast the relay empties the outbox, against bare confirms in the same round; floor and relay in turns first."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from bench.services.floor_confirms import confirms_per_second
from bench.services.rounds import Round, summary
from cluster import backends
from integration.services.broker import Vhost
from usecase_contracts.topology import EXCHANGES, TASK_ANALYTICS_QUEUE, TASK_EVENTS, TASK_REMINDERS_QUEUE, task_key
from usecase_messaging.publish import publisher
from usecase_postgres_data import migrations, relay
from usecase_postgres_data.database import Pool, connect, open_pool

ROWS, ROUNDS = 5_000, 5
LOWEST_FLOOR = 5_000
KEY = task_key("task_created")
FILL = """
with t as (
  insert into tasks (user_id, title, transaction_id)
  select $1, 'task ' || n, gen_random_uuid() from generate_series(1, $2) as n returning *
)
insert into outbox (event_id, task_id, exchange, routing_key, body)
select gen_random_uuid(), id, $3, $4, json_build_object('event_type', 'task_created', 'data', row_to_json(t))::text
from t"""


async def relayed_per_second(dsn: str, url: str) -> float:
    """Messages a second until the outbox is empty."""
    async with publisher(url, "bench", EXCHANGES) as to_broker:
        await to_broker.connected.wait()
        connection = await connect(dsn)
        began, moved = time.perf_counter(), 0
        while batch := await relay.relay_batch(connection, to_broker):
            moved += batch
        rate = moved / (time.perf_counter() - began)
        await connection.close()
        return rate


async def measured(pool: Pool, dsn: str, rabbitmq: backends.Running, user_id: int, number: int) -> Round:
    """One round on a vhost of its own."""
    vhost = Vhost(rabbitmq, f"bench-{number}")
    vhost.make((TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE))
    await pool.execute(FILL, user_id, ROWS, TASK_EVENTS, KEY)
    await pool.execute("analyze outbox")
    bodies = [row["body"].encode() for row in await pool.fetch("select body from outbox")]
    turns: list[tuple[str, Callable[[], Awaitable[float]]]] = [
        ("floor", lambda: confirms_per_second(vhost.url, TASK_EVENTS, KEY, bodies)),
        ("relay", lambda: relayed_per_second(dsn, vhost.url)),
    ]
    rates = {name: await measure() for name, measure in (turns if number % 2 else reversed(turns))}
    vhost.remove()
    return Round(rates["floor"], rates["relay"], rates["relay"] / rates["floor"])


async def drained(dsn: str, rabbitmq: backends.Running) -> dict[str, Any]:
    """All rounds, on an empty database and a broker that may have other vhosts."""
    await migrations.migrate(dsn)
    pool = await open_pool(dsn, 2)
    user_id = await pool.fetchval(
        "insert into users (username, email, hashed_password) values ($1, $2, '$x') returning id",
        f"bench-{uuid4().hex[:8]}", f"{uuid4().hex}@example.com",
    )  # fmt: skip
    rounds = [await measured(pool, dsn, rabbitmq, user_id, number) for number in range(1, ROUNDS + 1)]
    await pool.close()
    return {**summary(rounds, LOWEST_FLOOR), "rows": ROWS}
