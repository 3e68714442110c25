"""What records of task actions add up to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from usecase_contracts.analytics import TaskAction, TaskActionRecord
from usecase_contracts.tasks import Priority, TaskStatus
from usecase_mongo_data.domain import completion, created_tasks, history, productivity

START = datetime(2026, 11, 23, tzinfo=UTC)
END = START + timedelta(days=1)


def record(number: int, action: TaskAction, task_id: int = 1, **values: Any) -> TaskActionRecord:
    """The action that happened at this hour of the day."""
    at = START + timedelta(hours=number)
    made = {"event_id": UUID(int=number), "action": action, "task_id": task_id, "user_id": 2, "timestamp": at}
    return TaskActionRecord(**made | values)  # type: ignore[arg-type]


def created(number: int, task_id: int = 1, priority: Priority = Priority.LOW) -> TaskActionRecord:
    return record(number, TaskAction.CREATED, task_id, priority=priority, status=TaskStatus.ACTIVE)


def completed(number: int, task_id: int = 1, hours: float = 2.0, overdue: bool = False) -> TaskActionRecord:
    at = START + timedelta(hours=number)
    return record(
        number, TaskAction.COMPLETED, task_id,
        completed_at=at, completion_hours=hours, was_overdue=overdue, status=TaskStatus.COMPLETED,
    )  # fmt: skip


UPDATED = record(5, TaskAction.UPDATED)
UNDONE = record(6, TaskAction.CREATION_FAILED)


def test_a_history_keeps_saying_created() -> None:
    told = history([created(1), UPDATED, completed(7)])
    assert told is not None
    assert (told.action, told.timestamp, told.latest_action) == (
        TaskAction.CREATED,
        START + timedelta(hours=1),
        TaskAction.COMPLETED,
    )
    assert [entry.action for entry in told.history] == [TaskAction.CREATED, TaskAction.UPDATED, TaskAction.COMPLETED]


def test_a_history_begins_with_the_creation_whichever_record_came_first() -> None:
    told = history([UPDATED, created(9)])
    assert told is not None
    assert told.timestamp == START + timedelta(hours=9)


def test_there_is_no_history_without_a_creation_nor_of_one_that_was_undone() -> None:
    assert history([]) is None
    assert history([UPDATED]) is None
    assert history([created(1), UNDONE]) is None
    assert history([UNDONE, created(7)]) is None


def test_the_latest_completion_counts() -> None:
    found = completion([created(1), completed(3), UPDATED, completed(8, hours=7, overdue=True)])
    assert found is not None
    assert (found.completed_at, found.completion_hours, found.was_overdue) == (START + timedelta(hours=8), 7, True)


def test_there_is_no_completion_before_the_first_one() -> None:
    assert completion([created(1), UPDATED]) is None
    assert completion([created(1), completed(3), UNDONE]) is None


def test_a_period_is_counted_by_task() -> None:
    stats = productivity(2, START, END, [
        created(1, 1), created(2, 2, Priority.URGENT), created(3, 3), created(4, 4),
        completed(10, 1, hours=9), completed(10, 2, hours=8, overdue=True), completed(15, 1, hours=14),
        record(16, TaskAction.CANCELLED, 3, status=TaskStatus.CANCELLED),
    ])  # fmt: skip
    assert (stats.total_tasks, stats.completed_tasks, stats.cancelled_tasks, stats.overdue_tasks) == (4, 2, 1, 1)
    assert stats.completion_rate == 0.5
    assert stats.average_completion_time_hours == 11
    assert stats.tasks_by_priority == {Priority.LOW: 3, Priority.URGENT: 1}
    assert stats.tasks_by_status == {
        TaskStatus.ACTIVE: 1, TaskStatus.IN_PROGRESS: 0, TaskStatus.COMPLETED: 2, TaskStatus.CANCELLED: 1,
    }  # fmt: skip


def test_the_most_productive_hour_is_the_earliest_of_the_best() -> None:
    stats = productivity(2, START, END, [completed(15, 1), completed(9, 2)])
    assert stats.most_productive_hour == 9


def test_an_empty_period_is_empty() -> None:
    stats = productivity(2, START, END, [])
    assert (stats.total_tasks, stats.completion_rate, stats.most_productive_hour) == (0, 0.0, None)


def test_completions_of_older_tasks_do_not_make_more_than_everything() -> None:
    assert productivity(2, START, END, [created(1, 1), completed(2, 1), completed(3, 77)]).completion_rate == 1.0


def test_what_was_undone_is_in_no_count() -> None:
    records = [created(1, 1), created(2, 2), UNDONE]
    assert created_tasks(records) == 1
    assert productivity(2, START, END, records).total_tasks == 1
