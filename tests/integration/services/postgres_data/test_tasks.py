"""Tasks changed, deleted, listed, counted; what is told about it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.services.postgres_data.outgoing import outbox, told
from usecase_contracts.tasks import Priority, Task, TaskCreate, TaskStatus
from usecase_http.problem import Problem
from usecase_postgres_data.database import Pool
from usecase_postgres_data.store import creation, tasks

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


async def new(pool: Pool, owner: int, **values: Any) -> Task:
    (outcome,) = await creation.create(pool, [(TaskCreate(user_id=owner, **{"title": "t"} | values), None, None)])
    assert isinstance(outcome, bytes)
    return Task.model_validate_json(outcome)


async def change(pool: Pool, task: Task, **sent: Any) -> Task:
    return Task.model_validate_json(await tasks.change(pool, task.id, task.user_id, sent))


async def stored_status(pool: Pool, task: Task) -> str:
    status: str = await pool.fetchval("select status from tasks where id = $1", task.id)
    return status


async def test_a_change_is_stored_and_told(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    changed = await change(pool, task, title="New", due_date=YESTERDAY)
    assert (changed.title, changed.due_date, changed.version) == ("New", YESTERDAY, 2)
    assert changed.updated_at > task.updated_at
    message = (await outbox(pool))[1][2]
    assert message.event_type == "task_updated"
    assert message.data.model_dump(exclude={"changes", "telegram_id"}) == changed.model_dump()
    assert message.data.changes["title"].model_dump() == {"before": "t", "after": "New"}


async def test_completion_is_told_once_and_reopening_clears_it(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    done = await change(pool, task, status=TaskStatus.COMPLETED)
    assert done.completed_at is not None
    again = await change(pool, task, status=TaskStatus.COMPLETED)
    assert again == done
    reopened = await change(pool, task, status=TaskStatus.ACTIVE)
    assert (reopened.completed_at, reopened.version) == (None, 3)
    assert await told(pool) == ["task_created", "task_completed", "task_updated"]


async def test_a_change_leaves_the_relay_its_mark(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await change(pool, task, title="New")
    assert await stored_status(pool, task) == "pending"
    await change(pool, task, status=TaskStatus.IN_PROGRESS)
    assert await stored_status(pool, task) == "in_progress"


async def test_changes_at_once_are_told_in_the_order_they_were_stored(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await asyncio.gather(*(change(pool, task, title=f"title {number}") for number in range(20)))
    versions = [message.data.version for _, _, message in await outbox(pool)]
    assert versions == list(range(1, 22))


async def test_a_failed_change_stores_and_tells_nothing(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    with pytest.raises(Exception, match="0x00"):
        await tasks.change(pool, task.id, owner, {"title": "nul\x00"})
    assert Task.model_validate_json(await tasks.read(pool, task.id, owner)) == task
    assert await told(pool) == ["task_created"]


async def test_a_deleted_task_is_gone_and_its_text_with_it(pool: Pool, owner: int) -> None:
    task = await new(pool, owner, title="Secret", description="very")
    await tasks.delete(pool, task.id, owner)
    row = await pool.fetchrow("select status, title, description, transaction_id from tasks where id = $1", task.id)
    assert row is not None
    assert tuple(row) == ("deleted", "", None, task.transaction_id)
    with pytest.raises(Problem):
        await tasks.delete(pool, task.id, owner)
    assert await told(pool) == ["task_created", "task_deleted"]
    assert (await outbox(pool))[1][2].data.title == "Secret"


@pytest.mark.parametrize("other", [999_999, 1], ids=["a stranger", "another user"])
async def test_somebody_elses_task_is_not_found(pool: Pool, owner: int, other: int) -> None:
    task = await new(pool, owner)
    asker = other if other != owner else owner + 1
    for call in (
        tasks.read(pool, task.id, asker),
        tasks.change(pool, task.id, asker, {"title": "Mine"}),
        tasks.delete(pool, task.id, asker),
    ):
        with pytest.raises(Problem) as refused:
            await call
        assert refused.value.status == 404
    assert json.loads(await tasks.read(pool, task.id, None))["title"] == "t"


async def test_a_list_is_newest_first_and_knows_how_many_there_are(pool: Pool, owner: int) -> None:
    made = [(await new(pool, owner, title=f"t{number}")).id for number in range(5)]
    await tasks.delete(pool, made[2], owner)
    first, total = await tasks.page(pool, owner, status=None, priority=None, number=1, per_page=3)
    second, _ = await tasks.page(pool, owner, status=None, priority=None, number=2, per_page=3)
    assert [json.loads(each)["id"] for each in first] == [made[4], made[3], made[1]]
    assert ([json.loads(each)["id"] for each in second], total) == ([made[0]], 4)


@pytest.mark.parametrize(
    ("status", "priority", "titles"),
    [
        pytest.param(TaskStatus.ACTIVE, None, ["pending", "active"], id="pending reads as active"),
        pytest.param(TaskStatus.COMPLETED, None, ["completed"], id="by status"),
        pytest.param(None, Priority.HIGH, ["active"], id="by priority"),
        pytest.param(TaskStatus.ACTIVE, Priority.LOW, ["pending"], id="by both"),
        pytest.param(TaskStatus.CANCELLED, None, [], id="none"),
    ],
)
async def test_a_list_is_filtered(
    pool: Pool, owner: int, status: TaskStatus | None, priority: Priority | None, titles: list[str]
) -> None:
    completed = await new(pool, owner, title="completed")
    await change(pool, completed, status=TaskStatus.COMPLETED)
    active = await new(pool, owner, title="active", priority=Priority.HIGH)
    await pool.execute("update tasks set status = 'active' where id = $1", active.id)
    await new(pool, owner, title="pending", priority=Priority.LOW)
    found, total = await tasks.page(pool, owner, status=status, priority=priority, number=1, per_page=10)
    assert ([json.loads(each)["title"] for each in found], total) == (titles, len(titles))


async def test_a_list_reads_its_users_index_from_the_end(pool: Pool, owner: int) -> None:
    await pool.execute(
        "insert into users (username, email, hashed_password)"
        " select 'user' || n, 'user' || n || '@example.com', '$x' from generate_series(1, 20) as n"
    )
    await pool.execute(
        "insert into tasks (user_id, title, transaction_id)"
        " select id, 't', gen_random_uuid() from users, generate_series(1, 1000)"
    )
    await pool.execute("analyze tasks")
    plan = await pool.fetch(f"explain {tasks.PAGE}", owner, None, None, 20, 0)
    assert "Index Scan Backward using tasks_of_user" in "\n".join(row[0] for row in plan)


async def test_statistics_count_what_a_user_has(pool: Pool, owner: int) -> None:
    late = await new(pool, owner, priority=Priority.HIGH, due_date=YESTERDAY)
    await new(pool, owner, status="in_progress")
    done = await new(pool, owner, priority=Priority.HIGH, due_date=YESTERDAY)
    await change(pool, done, status=TaskStatus.COMPLETED)
    await tasks.delete(pool, (await new(pool, owner)).id, owner)
    stats = await tasks.stats(pool, owner)
    assert (stats.total_tasks, stats.completed_tasks, stats.pending_tasks, stats.overdue_tasks) == (3, 1, 2, 1)
    assert stats.completion_rate == pytest.approx(1 / 3)
    assert stats.tasks_by_priority == {"low": 0, "medium": 1, "high": 2, "urgent": 0}
    assert stats.tasks_by_status == {"active": 1, "in_progress": 1, "completed": 1, "cancelled": 0}
    assert late.status is TaskStatus.ACTIVE


async def test_nobody_has_no_tasks(pool: Pool) -> None:
    assert (await tasks.stats(pool, 5)).completion_rate == 0
    assert await tasks.page(pool, 5, status=None, priority=None, number=1, per_page=10) == ([], 0)
