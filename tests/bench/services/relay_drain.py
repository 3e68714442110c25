"""`python -m bench.services.relay_drain`: how fast the relay empties the outbox, against bare confirms in the same run.

Prints JSON; a ratio a round, floor and relay in turns first. Needs the images of `make images`.
"""

import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import uvloop

from bench.services.floor_confirms import confirms_per_second
from cluster import backends
from integration.services.broker import Vhost
from usecase_contracts.topology import EXCHANGES, TASK_ANALYTICS_QUEUE, TASK_EVENTS, TASK_REMINDERS_QUEUE, task_key
from usecase_postgres_data import migrations, relay
from usecase_postgres_data.database import Pool, connect, open_pool
from usecase_runtime.publish import publisher

ROWS, ROUNDS = 5_000, 5
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


async def measured(pool: Pool, dsn: str, rabbitmq: backends.Running, user_id: int, number: int) -> dict[str, float]:
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
    return {**rates, "ratio": rates["relay"] / rates["floor"]}


async def main() -> None:
    """Start the two servers, measure, print, remove them."""
    started = [
        backends.start(name, backends.project_image(name), f"usecase-bench-{name}-{os.getpid()}")
        for name in ("postgres", "rabbitmq")
    ]
    try:
        postgres, rabbitmq = started
        await migrations.migrate(postgres.uri)
        pool = await open_pool(postgres.uri, 2)
        user_id = await pool.fetchval(
            "insert into users (username, email, hashed_password) values ($1, $2, '$x') returning id",
            f"bench-{uuid4().hex[:8]}", f"{uuid4().hex}@example.com",
        )  # fmt: skip
        rounds = [await measured(pool, postgres.uri, rabbitmq, user_id, number) for number in range(1, ROUNDS + 1)]
        await pool.close()
    finally:
        for running in started:
            running.remove()
    floors = [each["floor"] for each in rounds]
    print(json.dumps({
        "measure": "outbox relay drain / plain windowed confirms",
        "rows": ROWS, "processes": 1, "rounds": rounds,
        "ratio": statistics.median(each["ratio"] for each in rounds),
        "floor_spread": (max(floors) - min(floors)) / statistics.median(floors),
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    uvloop.run(main())
