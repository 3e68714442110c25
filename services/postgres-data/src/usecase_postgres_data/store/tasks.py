"""Tasks read, changed, deleted and given up. Each change is stored with its messages in one transaction.

A change locks the task's row first and the outbox is written under that lock: that is what gives the messages
of one task their order.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg

from usecase_contracts.tasks import FailedTransaction, Priority, Task, TaskStats, TaskStatus
from usecase_http.problem import Problem
from usecase_postgres_data import messages
from usecase_postgres_data.database import ACQUIRE_SECONDS, Pool, Pooled
from usecase_postgres_data.domain import decide
from usecase_postgres_data.store.outbox import enqueue
from usecase_postgres_data.store.rows import OPEN, SEEN, TASK_JSON, task_from

_READ = f"""
select {TASK_JSON}::text from tasks t
where t.id = $1 and {SEEN} and ($2::bigint is null or t.user_id = $2)"""

_LOCK = f"""
select {TASK_JSON}::text as task, now() as now, u.telegram_id
from tasks t join users u on u.id = t.user_id
where t.id = $1 and {SEEN} and ($2::bigint is null or t.user_id = $2) for update of t"""

_CHANGE = f"""
update tasks t set title = $2, description = $3, priority = $4, due_date = $6, completed_at = $7,
  status = case when t.status = 'pending' and $5 = 'active' then t.status else $5 end,
  version = version + 1, updated_at = now()
where t.id = $1 returning {TASK_JSON}::text"""

# A tombstone: the transaction id stays taken, so that no late copy of the create makes the task again.
_BURY = """
update tasks set status = $2, title = '', description = null, due_date = null, completed_at = null,
  version = version + 1, updated_at = now() where id = $1"""

_REFUSE = """
insert into tasks (user_id, title, status, transaction_id)
select id, '', 'failed', $2 from users where id = $1
on conflict (transaction_id) do nothing returning id, now() as now"""

_LOCK_TRANSACTION = """
select id, user_id, status, version, now() as now from tasks where transaction_id = $1 for update"""

_FILTER = f"""
t.user_id = $1 and {SEEN} and ($2::text is null or t.priority = $2)
and ($3::text is null or case t.status when 'pending' then 'active' else t.status end = $3)"""

PAGE = f"""
select (select count(*) from tasks t where {_FILTER}) as total, array(
  select {TASK_JSON}::text from tasks t where {_FILTER} order by t.created_at desc, t.id desc limit $4 offset $5
) as tasks"""

_STATS = f"""
select priority, case status when 'pending' then 'active' else status end as status, count(*) as tasks,
  count(*) filter (where {OPEN} and due_date < now()) as overdue
from tasks t where user_id = $1 and {SEEN} group by 1, 2"""

NOT_FOUND = "task-not-found"


def _not_found(task_id: int) -> Problem:
    return Problem(404, f"there is no task {task_id}", NOT_FOUND)


async def read(pool: Pool, task_id: int, user_id: int | None) -> bytes:
    """A task as JSON. With `user_id`, a task of somebody else is not found."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        if (task := await connection.fetchval(_READ, task_id, user_id)) is None:
            raise _not_found(task_id)
        return bytes(task, "utf-8")


async def change(pool: Pool, task_id: int, user_id: int | None, sent: dict[str, Any]) -> bytes:
    """Change the fields of `sent` and say so in messages; nothing changes, nothing is said."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        task, now, chat = await _locked(connection, task_id, user_id)
        decision = decide(task, sent, now)
        if decision is None:
            return task.model_dump_json().encode()
        stored = task.model_copy(update=decision.values)
        json = await connection.fetchval(
            _CHANGE,
            *(task_id, stored.title, stored.description, stored.priority, stored.status),
            *(stored.due_date, stored.completed_at),
        )
        told = messages.changed(task_from(json), decision.changes, now, completed=decision.completed, chat=chat)
        await enqueue(connection, told)
        return bytes(json, "utf-8")


async def delete(pool: Pool, task_id: int, user_id: int | None) -> None:
    """Delete a task: its text goes, its transaction id stays taken."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        task, now, chat = await _locked(connection, task_id, user_id)
        await connection.execute(_BURY, task_id, "deleted")
        await enqueue(connection, messages.deleted(task, now, chat=chat))


async def _locked(connection: Pooled, task_id: int, user_id: int | None) -> tuple[Task, datetime, int | None]:
    if (row := await connection.fetchrow(_LOCK, task_id, user_id)) is None:
        raise _not_found(task_id)
    return task_from(row["task"]), row["now"], row["telegram_id"]


async def fail(pool: Pool, transaction_id: UUID, user_id: int, error: str) -> FailedTransaction:
    """Give up a create whose outcome its caller does not know, whether it has arrived, is on its way, or
    never comes.

    The unique transaction id decides between this and the create. Repeated, it says the same and sends no
    message.
    """
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        if row := await connection.fetchrow(_REFUSE, user_id, transaction_id):
            return await _given_up(connection, row, transaction_id, "refused", user_id, error)
        row = await connection.fetchrow(_LOCK_TRANSACTION, transaction_id)
        if row is None or row["user_id"] != user_id:
            raise Problem(404, f"user {user_id} has no transaction {transaction_id}", "user-not-found")
        if row["status"] in ("failed", "deleted"):
            outcome: Literal["failed", "refused"] = "refused" if row["version"] == 1 else "failed"
            return FailedTransaction(transaction_id=transaction_id, task_id=row["id"], outcome=outcome)
        await connection.execute(_BURY, row["id"], "failed")
        return await _given_up(connection, row, transaction_id, "failed", user_id, error)


async def _given_up(
    connection: Pooled, row: asyncpg.Record, transaction_id: UUID, outcome: Literal["failed", "refused"],
    user_id: int, error: str,
) -> FailedTransaction:  # fmt: skip
    told = messages.creation_failed(row["id"], user_id, transaction_id, error, row["now"])
    await enqueue(connection, told)
    return FailedTransaction(transaction_id=transaction_id, task_id=row["id"], outcome=outcome)


async def page(
    pool: Pool, user_id: int, *, status: str | None, priority: str | None, number: int, per_page: int
) -> tuple[list[str], int]:
    """A user's tasks as JSON texts, newest first, and how many there are over all pages."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        row = await connection.fetchrow(PAGE, user_id, priority, status, per_page, (number - 1) * per_page)
    assert row is not None, "an aggregate always answers one row"
    return row["tasks"], row["total"]


async def stats(pool: Pool, user_id: int) -> TaskStats:
    """Counts over a user's tasks (contract 7.4)."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        rows = await connection.fetch(_STATS, user_id)
    by_priority = {one: sum(r["tasks"] for r in rows if r["priority"] == one) for one in Priority}
    by_status = {one: sum(r["tasks"] for r in rows if r["status"] == one) for one in TaskStatus}
    total = sum(by_status.values())
    return TaskStats(
        total_tasks=total,
        completed_tasks=by_status[TaskStatus.COMPLETED],
        pending_tasks=by_status[TaskStatus.ACTIVE] + by_status[TaskStatus.IN_PROGRESS],
        overdue_tasks=sum(row["overdue"] for row in rows),
        completion_rate=by_status[TaskStatus.COMPLETED] / total if total else 0.0,
        tasks_by_priority=by_priority,
        tasks_by_status=by_status,
    )
