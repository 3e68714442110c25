"""What records of task actions add up to: pure rules, no await, no driver."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from usecase_contracts.analytics import (
    HistoryEntry,
    ProductivityStats,
    TaskAction,
    TaskActionRecord,
    TaskCompletion,
    TaskHistory,
)
from usecase_contracts.tasks import TaskStatus

Records = Sequence[TaskActionRecord]


def history(records: Records) -> TaskHistory | None:
    """What a task went through, of its records in order of time; None before its creation is known, or once that was
    undone. The answer keeps saying `created`, whatever followed (contract 3.2).
    """
    created = next((each for each in records if each.action is TaskAction.CREATED), None)
    if created is None or _undone(records):
        return None
    entries = [HistoryEntry(**each.model_dump(include=set(HistoryEntry.model_fields))) for each in records]
    return TaskHistory(
        task_id=created.task_id,
        user_id=created.user_id,
        action=TaskAction.CREATED,
        timestamp=created.timestamp,
        latest_action=records[-1].action,
        history=entries,
    )


def completion(records: Records) -> TaskCompletion | None:
    """The latest completion of a task, of its records in order of time; None before there is one."""
    done = next((each for each in reversed(records) if each.completed_at is not None), None)
    if done is None or _undone(records):
        return None
    return TaskCompletion(**done.model_dump(include=set(TaskCompletion.model_fields)))


def productivity(user_id: int, start: datetime, end: datetime, records: Records) -> ProductivityStats:
    """One user's period (contract 7.3), of the user's records of that period in order of time."""
    undone = {each.task_id for each in records if each.action is TaskAction.CREATION_FAILED}
    kept = [each for each in records if each.task_id not in undone]
    created = {each.task_id: each for each in kept if each.action is TaskAction.CREATED}
    completed = {each.task_id: each for each in kept if each.action is TaskAction.COMPLETED}
    hours = [each.completion_hours for each in completed.values() if each.completion_hours is not None]
    by_hour = Counter(each.completed_at.hour for each in completed.values() if each.completed_at)
    last_status = {each.task_id: each.status for each in kept if each.status is not None}
    by_priority = Counter(each.priority for each in created.values() if each.priority)
    return ProductivityStats(
        user_id=user_id,
        period_start=start,
        period_end=end,
        total_tasks=len(created),
        completed_tasks=len(completed),
        cancelled_tasks=len({each.task_id for each in kept if each.action is TaskAction.CANCELLED}),
        overdue_tasks=sum(1 for each in completed.values() if each.was_overdue),
        # A task of an earlier period may be completed in this one.
        completion_rate=min(len(completed) / len(created), 1.0) if created else 0.0,
        average_completion_time_hours=sum(hours) / len(hours) if hours else None,
        most_productive_hour=min(by_hour, key=lambda hour: (-by_hour[hour], hour)) if by_hour else None,
        tasks_by_priority=dict(by_priority),
        tasks_by_status={status: list(last_status.values()).count(status) for status in TaskStatus},
    )


def created_tasks(records: Records) -> int:
    """How many tasks were created, and stayed, in these records."""
    undone = {each.task_id for each in records if each.action is TaskAction.CREATION_FAILED}
    return len({each.task_id for each in records if each.action is TaskAction.CREATED} - undone)


def _undone(records: Records) -> bool:
    return any(each.action is TaskAction.CREATION_FAILED for each in records)
