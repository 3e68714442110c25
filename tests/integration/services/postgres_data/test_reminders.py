"""Reminders scheduled, moved, cancelled, and handed out once when they are due."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.services.postgres_data.outgoing import outbox
from integration.services.postgres_data.test_tasks import change, new
from usecase_contracts.reminders import Reminder, ReminderCreate, ReminderKind
from usecase_contracts.tasks import Task, TaskStatus
from usecase_http.problem import Problem
from usecase_postgres_data import housekeeping
from usecase_postgres_data.database import Pool
from usecase_postgres_data.store import reminders, tasks

NOW = datetime.now(UTC).replace(microsecond=0)
PAST, SOON, LATER = NOW - timedelta(minutes=5), NOW + timedelta(hours=1), NOW + timedelta(hours=2)
DUE_SOON, OVERDUE, CUSTOM = ReminderKind.DUE_SOON, ReminderKind.OVERDUE, ReminderKind.CUSTOM


async def schedule(pool: Pool, task: Task, at: datetime, kind: ReminderKind = DUE_SOON, **more: Any) -> Reminder:
    asked = ReminderCreate(
        task_id=task.id, user_id=task.user_id, reminder_time=at, message=f"{task.title} is due", kind=kind, **more
    )
    return await reminders.schedule(pool, asked)


async def states(pool: Pool, task: Task) -> list[tuple[str, str, datetime]]:
    return [(each.kind, each.state, each.reminder_time) for each in await reminders.of_task(pool, task.id, None)]


async def sent(pool: Pool) -> Sequence[Any]:
    return [message.data for exchange, _, message in await outbox(pool) if exchange == "reminders"]


async def refusal(call: Any) -> tuple[int, str]:
    with pytest.raises(Problem) as refused:
        await call
    return refused.value.status, str(refused.value.members["type"])


async def test_the_seeds_four_fields_are_kept(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    kept = await schedule(pool, task, SOON, CUSTOM)
    assert (kept.task_id, kept.user_id, kept.reminder_time, kept.message) == (task.id, owner, SOON, "t is due")
    assert (kept.state, kept.sent_at) == ("scheduled", None)


async def test_a_reminder_that_follows_its_task_is_moved(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    first = await schedule(pool, task, SOON)
    moved = await schedule(pool, task, LATER)
    assert (moved.id, moved.reminder_time) == (first.id, LATER)
    assert await states(pool, task) == [("due_soon", "scheduled", LATER)]


async def test_asked_twice_it_is_there_once(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    for kind in (DUE_SOON, OVERDUE, CUSTOM):
        assert await schedule(pool, task, SOON, kind) == await schedule(pool, task, SOON, kind)
    await schedule(pool, task, LATER, CUSTOM)
    assert len(await states(pool, task)) == 4


async def test_a_late_event_does_not_schedule(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await change(pool, task, title="New")
    assert await refusal(schedule(pool, task, SOON, task_version=1)) == (409, "urn:usecase:stale-version")
    assert (await schedule(pool, task, SOON, task_version=2)).state == "scheduled"


async def test_a_late_event_does_not_cancel(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, SOON)
    await change(pool, task, title="New")
    assert await reminders.cancel(pool, task.id, None, 1) == 0
    assert await reminders.cancel(pool, task.id, None, 2) == 1


async def test_cancelling_may_be_of_some_kinds(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    for kind in (DUE_SOON, OVERDUE, CUSTOM):
        await schedule(pool, task, SOON, kind)
    assert await reminders.cancel(pool, task.id, [DUE_SOON, OVERDUE], None) == 2
    assert {(kind, state) for kind, state, _ in await states(pool, task)} == {
        ("due_soon", "cancelled"),
        ("overdue", "cancelled"),
        ("custom", "scheduled"),
    }


async def test_a_cancelled_reminder_comes_back_with_a_reopened_task(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, SOON)
    await reminders.cancel(pool, task.id, None, None)
    assert (await schedule(pool, task, SOON)).state == "scheduled"


async def test_a_reminder_of_the_users_own_comes_back_when_it_is_asked_for_again(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    first = await schedule(pool, task, PAST, CUSTOM)
    await reminders.cancel(pool, task.id, None, None)
    assert (await reminders.dispatch(pool, 100)).dispatched == 0
    again = await schedule(pool, task, PAST, CUSTOM)
    assert (again.id, again.state) == (first.id, "scheduled")
    assert (await reminders.dispatch(pool, 100)).dispatched == 1
    assert (await schedule(pool, task, PAST, CUSTOM)).state == "sent"


@pytest.mark.parametrize(
    ("statement", "arguments"), [(reminders.OF_TASK, [None]), (reminders.CANCEL, [None, None])], ids=["list", "cancel"]
)
async def test_the_reminders_of_a_task_are_read_by_an_index(
    pool: Pool, owner: int, statement: str, arguments: list[Any]
) -> None:
    task = await new(pool, owner)
    await pool.execute(
        "insert into tasks (user_id, title, transaction_id)"
        " select $1, 't', gen_random_uuid() from generate_series(1, 5000)",
        owner,
    )
    await pool.execute(
        "insert into reminders (task_id, user_id, kind, reminder_time, message)"
        " select id, user_id, kind, now() + interval '1 day', 'm'"
        " from tasks, unnest('{due_soon,custom}'::text[]) as kind"
    )
    await pool.execute("analyze tasks, reminders")
    plan = await pool.fetch(f"explain {statement}", task.id, *arguments)
    assert "reminders_of_task" in "\n".join(row[0] for row in plan)


async def test_reminders_that_are_over_are_removed_after_a_month(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    long_ago, lately = NOW - timedelta(days=31), NOW - timedelta(days=29)
    for at in (long_ago, lately):
        await schedule(pool, task, at, CUSTOM)
        await schedule(pool, task, at + timedelta(hours=1), CUSTOM)
    await schedule(pool, task, long_ago, DUE_SOON)
    await pool.execute(
        "update reminders set state = case when reminder_time in ($1, $2) then 'sent' else 'cancelled' end,"
        " sent_at = case when reminder_time in ($1, $2) then reminder_time end where kind = 'custom'",
        long_ago,
        lately,
    )
    await schedule(pool, task, SOON, CUSTOM)
    await housekeeping.clean(pool)
    assert await states(pool, task) == [
        ("due_soon", "scheduled", long_ago),
        ("custom", "sent", lately),
        ("custom", "cancelled", lately + timedelta(hours=1)),
        ("custom", "scheduled", SOON),
    ]


async def test_nothing_is_scheduled_for_what_is_closed_or_gone(pool: Pool, owner: int) -> None:
    closed, gone, alive = [await new(pool, owner) for _ in range(3)]
    await change(pool, closed, status=TaskStatus.COMPLETED)
    await tasks.delete(pool, gone.id, owner)
    assert await refusal(schedule(pool, closed, SOON)) == (409, "urn:usecase:task-closed")
    assert await refusal(schedule(pool, gone, SOON)) == (404, "urn:usecase:task-not-found")
    foreign = alive.model_copy(update={"user_id": owner + 1})
    assert await refusal(schedule(pool, foreign, SOON)) == (404, "urn:usecase:task-not-found")


async def test_what_is_due_is_sent_with_all_that_the_bot_needs(pool: Pool, owner: int) -> None:
    task = await new(pool, owner, title="Call mom", description="on Sunday", due_date=LATER, priority="high")
    reminder = await schedule(pool, task, PAST)
    await pool.execute("update users set telegram_id = 4711 where id = $1", owner)
    done = await reminders.dispatch(pool, 100)
    assert (done.dispatched, done.next_due_at) == (1, None)
    (told,) = await sent(pool)
    assert told.model_dump() == {
        "reminder_id": reminder.id, "kind": DUE_SOON, "reminder_time": PAST, "message": "Call mom is due",
        "id": task.id, "user_id": owner, "telegram_id": 4711, "title": "Call mom", "description": "on Sunday",
        "priority": "high", "due_date": LATER,
    }  # fmt: skip
    ((_, state, _),) = await states(pool, task)
    assert state == "sent"


async def test_what_is_not_due_waits_and_says_until_when(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, LATER, OVERDUE)
    await schedule(pool, task, SOON)
    done = await reminders.dispatch(pool, 100)
    assert (done.dispatched, done.next_due_at) == (0, SOON)


async def test_a_sent_reminder_is_not_sent_again_by_the_same_event(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, PAST)
    await reminders.dispatch(pool, 100)
    assert (await schedule(pool, task, PAST)).state == "sent"
    assert (await reminders.dispatch(pool, 100)).dispatched == 0
    moved = await schedule(pool, task, SOON)
    assert (moved.state, moved.sent_at) == ("scheduled", None)


async def test_several_workers_at_once_send_each_reminder_once(pool: Pool, owner: int) -> None:
    for number in range(60):
        await schedule(pool, await new(pool, owner, title=f"t{number}"), PAST)
    done = await asyncio.gather(*(reminders.dispatch(pool, 25) for _ in range(5)))
    assert sum(each.dispatched for each in done) == 60
    ids = [told.reminder_id for told in await sent(pool)]
    assert len(ids) == len(set(ids)) == 60
    events = [message.event_id for exchange, _, message in await outbox(pool) if exchange == "reminders"]
    assert len(set(events)) == 60


async def test_a_repeated_reminder_is_scheduled_again(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, PAST, OVERDUE, repeat_seconds=86_400)
    before = datetime.now(UTC)
    done = await reminders.dispatch(pool, 100)
    assert done.dispatched == 1
    assert done.next_due_at is not None
    assert timedelta() <= done.next_due_at - before - timedelta(days=1) < timedelta(minutes=1)
    assert (await reminders.dispatch(pool, 100)).dispatched == 0


async def test_an_event_of_an_overdue_task_does_not_repeat_its_notice_early(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, PAST, OVERDUE, repeat_seconds=86_400)
    await reminders.dispatch(pool, 100)
    again = await schedule(pool, task, PAST, OVERDUE, repeat_seconds=86_400)
    assert again.reminder_time > NOW + timedelta(hours=23)
    assert (await reminders.dispatch(pool, 100)).dispatched == 0
    assert (await schedule(pool, task, SOON, OVERDUE, repeat_seconds=86_400)).reminder_time == SOON


async def test_a_task_that_is_opened_again_does_not_repeat_its_notice_early(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, PAST, OVERDUE, repeat_seconds=86_400)
    await reminders.dispatch(pool, 100)
    await change(pool, task, status=TaskStatus.COMPLETED)
    assert await reminders.cancel(pool, task.id, None, None) == 1
    await change(pool, task, status=TaskStatus.ACTIVE)
    again = await schedule(pool, task, PAST, OVERDUE, repeat_seconds=86_400)
    assert again.state == "scheduled"
    assert again.reminder_time > NOW + timedelta(hours=23)
    assert (await reminders.dispatch(pool, 100)).dispatched == 0
    assert (await schedule(pool, task, SOON, OVERDUE, repeat_seconds=86_400)).reminder_time == SOON


async def test_a_task_that_is_due_is_told_of_as_overdue_only(pool: Pool, owner: int) -> None:
    late, soon = await new(pool, owner, due_date=PAST), await new(pool, owner, due_date=SOON)
    for task in (late, soon):
        await schedule(pool, task, PAST - timedelta(hours=1))
    await schedule(pool, late, PAST, OVERDUE, repeat_seconds=86_400)
    assert (await reminders.dispatch(pool, 100)).dispatched == 3
    assert sorted((told.id, told.kind) for told in await sent(pool)) == [(late.id, OVERDUE), (soon.id, DUE_SOON)]
    assert [(kind, state) for kind, state, _ in await states(pool, late)] == [
        ("due_soon", "sent"), ("overdue", "scheduled"),
    ]  # fmt: skip
    assert (await reminders.dispatch(pool, 100)).dispatched == 0


async def test_the_next_reminder_is_awaited_whoever_schedules_it(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, LATER)
    assert (await reminders.upcoming(pool, 0)).model_dump() == {"next_due_at": LATER, "due": False}
    waiting = asyncio.create_task(reminders.upcoming(pool, 10))
    at = (await pool.fetchval("select now()")) + timedelta(seconds=0.2)
    await schedule(pool, task, at, CUSTOM)
    found, late = await waiting, (await pool.fetchval("select now()")) - at
    assert (found.next_due_at, found.due) == (at, True)
    # A wait that saw nothing would have lasted ten seconds.
    assert timedelta() <= late < timedelta(seconds=5)


async def test_waiting_for_the_next_reminder_has_an_end(pool: Pool, owner: int) -> None:
    assert (await reminders.upcoming(pool, 0.05)).model_dump() == {"next_due_at": None, "due": False}


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.CANCELLED])
async def test_nothing_is_sent_for_a_closed_task(pool: Pool, owner: int, status: TaskStatus) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, PAST)
    await change(pool, task, status=status)
    done = await reminders.dispatch(pool, 100)
    assert (done.dispatched, done.next_due_at) == (0, None)


async def test_nothing_is_sent_for_a_task_that_is_gone(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, PAST)
    await tasks.delete(pool, task.id, owner)
    assert (await reminders.dispatch(pool, 100)).dispatched == 0
    assert await states(pool, task) == []


async def test_the_limit_leaves_the_rest_for_the_next_call(pool: Pool, owner: int) -> None:
    for number in range(5):
        await schedule(pool, await new(pool, owner), PAST - timedelta(minutes=number))
    assert [(await reminders.dispatch(pool, 2)).dispatched for _ in range(4)] == [2, 2, 1, 0]
