"""Create: the row and its message in one statement, for one create or for many that came together (design
§7).

Idempotent by transaction id. An id that was taken before is looked at afterwards: it may be the same create
again, or a tombstone that refuses it.
"""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from usecase_contracts import topology
from usecase_contracts.messages import PUBLISHED_BY_API
from usecase_contracts.tasks import TaskCreate
from usecase_http.problem import Problem
from usecase_postgres_data.database import ACQUIRE_SECONDS, Pool
from usecase_postgres_data.store.outbox import CHANNEL
from usecase_postgres_data.store.rows import SEEN, TASK_JSON

Row = tuple[TaskCreate, str | None, str | None]
"""What to create, with the request id and the traceparent of whoever asked: a batch is made in nobody's
context.
"""

_CREATE = f"""
with asked as (
  select * from unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::uuid[], $8::text[], $9::text[]
  ) as a (user_id, title, description, priority, status, due_date, transaction_id, request_id, traceparent)
), made as (
  insert into tasks (user_id, title, description, priority, status, due_date, transaction_id)
  select a.user_id, a.title, a.description, a.priority, a.status, a.due_date, a.transaction_id
  from asked a join users u on u.id = a.user_id
  on conflict (transaction_id) do nothing returning *
), shown as materialized (
  select t.id, t.transaction_id, t.priority, t.user_id, t.created_at, gen_random_uuid() as event_id,
    a.request_id, a.traceparent, {TASK_JSON} as data
  from made t join asked a using (transaction_id)
), stored as (
  insert into outbox (event_id, task_id, exchange, routing_key, body, request_id, traceparent)
  select s.event_id, s.id, e.exchange, e.routing_key, json_build_object(
    'event_id', s.event_id, 'version', 1, 'timestamp', s.created_at, 'source_service', '{PUBLISHED_BY_API}',
    'request_id', s.request_id, 'event_type', 'task_created', 'data', e.data)::text, s.request_id, s.traceparent
  from shown s cross join lateral (
    select '{topology.TASK_EVENTS}', '{topology.task_key("task_created")}', s.data
    union all
    select '{topology.URGENT_NOTIFICATIONS}', '{topology.URGENT_KEY}',
      (s.data::jsonb || jsonb_build_object('telegram_id', u.telegram_id))::json
    from users u where u.id = s.user_id and s.priority = 'urgent'
  ) as e (exchange, routing_key, data)
)
select transaction_id, data::text as task, pg_notify('{CHANNEL}', '') from shown"""

_TAKEN = f"""
select t.transaction_id, t.user_id, {SEEN} as seen, {TASK_JSON}::text as task
from tasks t where t.transaction_id = any($1::uuid[])"""

Outcome = bytes | Exception


async def create(pool: Pool, rows: Sequence[Row]) -> list[Outcome]:
    """Create all of `rows`, in one transaction if PostgreSQL takes them together, else each alone: nobody's
    create fails for another's. Answers, in order, a task's JSON, or the problem that its caller gets.
    """
    try:
        return await _create_together(pool, rows)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        if len(rows) == 1:
            return [Problem(422, f"PostgreSQL refuses the task: {error}")]
        return [(await create(pool, [row]))[0] for row in rows]


async def _create_together(pool: Pool, rows: Sequence[Row]) -> list[Outcome]:
    firsts: dict[UUID, Row] = {}
    for row in rows:
        firsts.setdefault(row[0].transaction_id, row)
    # In order of their ids, so that replicas that are asked for the same creates take locks in the same order.
    columns = zip(*(_values(*firsts[key]) for key in sorted(firsts)), strict=True)
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        made = {row[0]: row[1] for row in await connection.fetch(_CREATE, *map(list, columns))}
        again = [
            row[0] for row in rows if row is not firsts[row[0].transaction_id] or row[0].transaction_id not in made
        ]
        taken = await connection.fetch(_TAKEN, [task.transaction_id for task in again]) if again else []
    earlier = {row["transaction_id"]: row for row in taken}
    return [
        _replayed(task, earlier.get(task.transaction_id)) if task in again else made[task.transaction_id].encode()
        for task, _, _ in rows
    ]


def _values(task: TaskCreate, request: str | None, trace: str | None) -> tuple[object, ...]:
    return (
        *(task.user_id, task.title, task.description, task.priority, task.status, task.due_date, task.transaction_id),
        *(request, trace),
    )


def _replayed(task: TaskCreate, earlier: asyncpg.Record | None) -> Outcome:
    """What a create gets that made nothing: no such user, the task of its first time, or a refusal."""
    if earlier is None:
        return Problem(404, f"there is no user {task.user_id}", "user-not-found")
    if earlier["user_id"] != task.user_id or not earlier["seen"]:
        return Problem(409, f"transaction {task.transaction_id} was given up or ended", "transaction-failed")
    return bytes(earlier["task"], "utf-8")
