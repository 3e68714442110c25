"""Reminders: stored until they are due, then marked and put into the outbox in one transaction.

Whatever a late or repeated event asks, the task decides: nothing is scheduled or sent for one that is closed
or gone.
"""

import asyncio
import time
from collections.abc import Sequence

import asyncpg

from usecase_contracts import topology
from usecase_contracts.messages import PUBLISHED_BY_API
from usecase_contracts.reminders import Dispatched, NextReminder, Reminder, ReminderCreate, ReminderKind
from usecase_http.problem import Problem
from usecase_postgres_data.database import ACQUIRE_SECONDS, Pool, Pooled
from usecase_postgres_data.store.outbox import CHANNEL
from usecase_postgres_data.store.rows import OPEN, SEEN
from usecase_runtime.context import request_id, traceparent

LONGEST_WAIT_SECONDS = 10
LOOK_SECONDS = 0.4
"""How often `upcoming` looks again: somebody may have scheduled an earlier one, through whichever replica."""

_COLUMNS = (
    "r.id, r.task_id, r.user_id, r.reminder_time, r.message, r.kind, r.state, r.repeat_seconds, r.sent_at, r.created_at"
)

_LOCK_TASK = f"""
select t.version, {OPEN} as open from tasks t where t.id = $1 and t.user_id = $2 and {SEEN} for share"""

# Asked for again after its task was closed and opened, it is scheduled again; sent stays sent.
_ADD_CUSTOM = """
insert into reminders as r (task_id, user_id, kind, reminder_time, message) values ($1, $2, $3, $4, $5)
on conflict (task_id, reminder_time) where kind = 'custom' do update
set message = excluded.message, state = 'scheduled' where r.state = 'cancelled'"""

# Sent stays sent while the time is the same: an event that comes again must not remind again. One that repeats has
# been sent for every time up to its last: it keeps its next time then, also when its task was closed and opened again.
_MOVE = """
insert into reminders as r (task_id, user_id, kind, reminder_time, message, repeat_seconds)
values ($1, $2, $3, $4, $5, $6)
on conflict (task_id, kind) where kind <> 'custom' do update
set message = excluded.message, repeat_seconds = excluded.repeat_seconds, state = 'scheduled',
  reminder_time = case when r.state <> 'sent' and r.sent_at >= excluded.reminder_time
                       then r.reminder_time else excluded.reminder_time end,
  sent_at = case when r.state <> 'sent' and r.sent_at >= excluded.reminder_time then r.sent_at end
where r.state <> 'sent' or r.reminder_time <> excluded.reminder_time"""

_STORED = f"""
select {_COLUMNS} from reminders r
where r.task_id = $1 and r.kind = $2 and (r.kind <> 'custom' or r.reminder_time = $3)"""

OF_TASK = f"""
select {_COLUMNS} from reminders r join tasks t on t.id = r.task_id
where r.task_id = $1 and {SEEN} and ($2::bigint is null or t.user_id = $2) order by r.reminder_time, r.id"""

CANCEL = """
update reminders r set state = 'cancelled' from tasks t
where t.id = r.task_id and r.task_id = $1 and r.state = 'scheduled'
  and ($2::text[] is null or r.kind = any($2)) and ($3::int is null or t.version = $3)
returning r.id"""

# A reminder that repeats stays scheduled for its next time. SKIP LOCKED: several workers may ask at once. After an
# outage a task may be due before anybody was told that it soon will be: then its overdue notice says it all. What is
# marked only is counted, too: by the number it is known whether there may be more.
_DISPATCH = f"""
with due as (
  select {_COLUMNS}, t.title, t.description, t.priority, t.due_date, u.telegram_id
  from reminders r join tasks t on t.id = r.task_id join users u on u.id = r.user_id
  where r.state = 'scheduled' and r.reminder_time <= now() and {OPEN}
  order by r.reminder_time limit $1 for update of r skip locked
), marked as (
  update reminders r set sent_at = now(),
    state = case when r.repeat_seconds is null then 'sent' else 'scheduled' end,
    reminder_time = case when r.repeat_seconds is null then r.reminder_time
                         else now() + r.repeat_seconds * interval '1 second' end
  from due where r.id = due.id
), stored as (
  insert into outbox (event_id, task_id, exchange, routing_key, body, request_id, traceparent)
  select m.event_id, d.task_id, '{topology.REMINDERS}', '{topology.REMINDER_DUE_KEY}', json_build_object(
    'event_id', m.event_id, 'version', 1, 'timestamp', now(), 'source_service', '{PUBLISHED_BY_API}',
    'request_id', $2::text, 'event_type', 'reminder_due', 'data', json_build_object(
      'reminder_id', d.id, 'kind', d.kind, 'reminder_time', d.reminder_time, 'message', d.message,
      'id', d.task_id, 'user_id', d.user_id, 'telegram_id', d.telegram_id, 'title', d.title,
      'description', d.description, 'priority', d.priority, 'due_date', d.due_date))::text, $2, $3
  from due d cross join lateral (select gen_random_uuid() as event_id where d.id is not null) as m
  where d.kind <> 'due_soon' or d.due_date is null or d.due_date > now()
  returning 1
)
select count(*), case when exists (select from stored) then pg_notify('{CHANNEL}', '') end from due"""

_NEXT = f"""
select r.reminder_time, extract(epoch from r.reminder_time - now())::float as seconds
from reminders r join tasks t on t.id = r.task_id
where r.state = 'scheduled' and {OPEN} order by r.reminder_time limit 1"""


async def schedule(pool: Pool, asked: ReminderCreate) -> Reminder:
    """Schedule a reminder, or move the one that follows the task. Asked twice, it is there once."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        task = await connection.fetchrow(_LOCK_TASK, asked.task_id, asked.user_id)
        if task is None:
            raise Problem(404, f"user {asked.user_id} has no task {asked.task_id}", "task-not-found")
        if asked.task_version is not None and task["version"] != asked.task_version:
            detail = f"task {asked.task_id} is at version {task['version']}, not {asked.task_version}"
            raise Problem(409, detail, "stale-version")
        if not task["open"]:
            raise Problem(409, f"task {asked.task_id} is completed or cancelled", "task-closed")
        values = (asked.task_id, asked.user_id, asked.kind, asked.reminder_time, asked.message)
        if asked.kind is ReminderKind.CUSTOM:
            await connection.execute(_ADD_CUSTOM, *values)
        else:
            await connection.execute(_MOVE, *values, asked.repeat_seconds)
        return _reminder(await connection.fetchrow(_STORED, asked.task_id, asked.kind, asked.reminder_time))


async def of_task(pool: Pool, task_id: int, user_id: int | None) -> list[Reminder]:
    """The reminders of a task, earliest first; of a task that is not there, none."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        return [_reminder(row) for row in await connection.fetch(OF_TASK, task_id, user_id)]


async def cancel(pool: Pool, task_id: int, kinds: Sequence[ReminderKind] | None, task_version: int | None) -> int:
    """Cancel the scheduled reminders of a task (of these kinds; only if the task still has this version)."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        return len(await connection.fetch(CANCEL, task_id, kinds, task_version))


async def dispatch(pool: Pool, limit: int) -> Dispatched:
    """Hand what is due to the relay, and say when the next one is."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        dispatched = await connection.fetchval(_DISPATCH, limit, request_id.get(), traceparent.get())
        return Dispatched(dispatched=dispatched, next_due_at=await connection.fetchval(_NEXT))


async def upcoming(pool: Pool, wait_seconds: float) -> NextReminder:
    """When the next reminder is due, as soon as it is or `wait_seconds` are over.

    Meant for those who dispatch: one request in place of many, and no clock but the database's.
    """
    end = time.monotonic() + wait_seconds
    while True:
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            row = await connection.fetchrow(_NEXT)
        due, left = row is not None and row["seconds"] <= 0, end - time.monotonic()
        if due or left <= 0:
            return NextReminder(next_due_at=row["reminder_time"] if row else None, due=due)
        await asyncio.sleep(min(left, LOOK_SECONDS, row["seconds"] if row else LOOK_SECONDS))


async def oldest_due(connection: Pooled) -> float:
    """Seconds that the oldest reminder has been due and is not dispatched; 0 when there is none."""
    row = await connection.fetchrow(_NEXT)
    return max(0.0, -row["seconds"]) if row else 0.0


def _reminder(row: asyncpg.Record | None) -> Reminder:
    assert row is not None, "it was stored by the statement before"
    return Reminder(**{field: row[field] for field in Reminder.model_fields})
