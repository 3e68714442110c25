"""What an event means for the reminders of its task: pure rules, no await, no client.

Each event says all that holds for its task, whatever came before it. postgres-data compares its version with the
task's: an event that was overtaken changes nothing, so order and repetition do not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from usecase_contracts.messages import Message, TaskCompleted, TaskCreated, TaskCreationFailed, TaskDeleted, TaskUpdated
from usecase_contracts.reminders import ReminderCreate, ReminderKind
from usecase_contracts.tasks import Task, TaskStatus

LEAD = timedelta(hours=1)
OVERDUE_REPEAT_SECONDS = 86_400


@dataclass(frozen=True)
class Cancel:
    """End the scheduled reminders of a task: of some kinds, or of all; at one version, or at whatever it has."""

    task_id: int
    kinds: Sequence[ReminderKind] | None = None
    version: int | None = None


Step = ReminderCreate | Cancel


def steps(message: Message, now: datetime) -> list[Step]:
    """What to ask of postgres-data, in order; nothing for events that leave a task's reminders alone."""
    match message:
        case TaskCreated(data=task):
            # Nothing is scheduled for a task before its first event: without a due date there is nothing to do.
            return _following(task, now) if task.due_date else []
        case TaskUpdated(data=task) | TaskCompleted(data=task):
            if task.status in (TaskStatus.COMPLETED, TaskStatus.CANCELLED):
                return [Cancel(task.id, version=task.version)]
            return _following(task, now)
        case TaskDeleted(data=gone) | TaskCreationFailed(data=gone):
            return [Cancel(gone.id)]
        case _:
            return []


def _following(task: Task, now: datetime) -> list[Step]:
    """The two reminders that follow an open task's due date.

    `due_soon` keeps its time even when that has passed: a task due within the hour is told of at once, and not again
    by its next event. A task that is due already has an `overdue` notice only.
    """
    kinds = ReminderKind
    if task.due_date is None:
        return [Cancel(task.id, (kinds.DUE_SOON, kinds.OVERDUE), task.version)]
    overdue = _reminder(
        task, kinds.OVERDUE, task.due_date, f"Overdue: '{task.title}'", repeat_seconds=OVERDUE_REPEAT_SECONDS
    )
    if task.due_date <= now:
        return [Cancel(task.id, (kinds.DUE_SOON,), task.version), overdue]
    soon = task.due_date - LEAD
    message = f"Reminder: '{task.title}' is due in {_words(task.due_date - max(now, soon))}"
    return [_reminder(task, kinds.DUE_SOON, soon, message), overdue]


def _reminder(
    task: Task, kind: ReminderKind, at: datetime, message: str, repeat_seconds: int | None = None
) -> ReminderCreate:
    return ReminderCreate(
        task_id=task.id,
        user_id=task.user_id,
        reminder_time=at,
        message=message,
        kind=kind,
        task_version=task.version,
        repeat_seconds=repeat_seconds,
    )


def _words(left: timedelta) -> str:
    if left >= LEAD:
        return "1 hour"
    minutes = max(1, round(left.total_seconds() / 60))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
