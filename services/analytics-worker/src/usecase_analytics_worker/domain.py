"""What an event counts for, and which period the hourly statistics are of: pure rules, no await, no client."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from usecase_contracts.analytics import ProductivityPeriod, TaskAction, TaskActionRecord
from usecase_contracts.messages import (
    Attachment,
    AttachmentAdded,
    Change,
    Message,
    TaskCompleted,
    TaskCreated,
    TaskCreationFailed,
    TaskDeleted,
    TaskUpdated,
)
from usecase_contracts.tasks import Task, TaskStatus

PERIOD_DAYS = 7
LONGEST_TEXT = 500
DESCRIBED = ("title", "description", "status", "priority", "due_date")
Metadata = dict[str, str | int | float | bool | None]


def record(message: Message) -> TaskActionRecord | None:
    """The record that a message is kept as; None for one that analytics do not count."""
    match message:
        case TaskCreated(data=task):
            return _of_task(message, TaskAction.CREATED, task, _facts(task))
        case TaskUpdated(data=task):
            return _of_task(message, _action(task.changes), task, _changes(task.changes))
        case TaskCompleted(data=task):
            return _completion(message, task)
        case TaskDeleted(data=task):
            return _of_task(message, TaskAction.DELETED, task, {})
        case TaskCreationFailed(data=failed):
            return TaskActionRecord(
                event_id=message.event_id,
                action=TaskAction.CREATION_FAILED,
                task_id=failed.id,
                user_id=failed.user_id,
                timestamp=message.timestamp,
                metadata={"error": failed.error[:LONGEST_TEXT]},
            )
        case AttachmentAdded(data=attached):
            return TaskActionRecord(
                event_id=message.event_id,
                action=TaskAction.ATTACHMENT_ADDED,
                task_id=attached.id,
                user_id=attached.user_id,
                timestamp=message.timestamp,
                metadata=_file(attached.attachment),
            )
        case _:
            return None


def period(now: datetime, min_tasks: int) -> ProductivityPeriod:
    """The last seven days with today's. It has the same bounds all day: each hour's result replaces the last."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = today + timedelta(days=1)
    return ProductivityPeriod(period_start=end - timedelta(days=PERIOD_DAYS), period_end=end, min_tasks=min_tasks)


def _of_task(message: Message, action: TaskAction, task: Task, metadata: Metadata) -> TaskActionRecord:
    return TaskActionRecord(
        event_id=message.event_id,
        action=action,
        task_id=task.id,
        user_id=task.user_id,
        timestamp=message.timestamp,
        status=task.status,
        priority=task.priority,
        metadata=metadata,
    )


def _completion(message: TaskCompleted, task: Task) -> TaskActionRecord:
    done = task.completed_at or message.timestamp
    metadata: Metadata = {"completed_hour": done.hour, "completed_weekday": done.isoweekday()}
    completed = {
        "completed_at": done,
        "completion_hours": max(0.0, (done - task.created_at).total_seconds() / 3600),
        "was_overdue": task.due_date is not None and done > task.due_date,
    }
    return _of_task(message, TaskAction.COMPLETED, task, metadata).model_copy(update=completed)


def _action(changes: Mapping[str, Change]) -> TaskAction:
    """A completion has a message of its own."""
    if "status" not in changes:
        return TaskAction.UPDATED
    cancelled = changes["status"].after == TaskStatus.CANCELLED
    return TaskAction.CANCELLED if cancelled else TaskAction.STATUS_CHANGED


def _facts(task: Task) -> Metadata:
    return {
        "has_due_date": task.due_date is not None,
        "has_description": bool(task.description),
        "title_length": len(task.title),
    }


def _changes(changes: Mapping[str, Change]) -> Metadata:
    """Each described field before and after."""
    told: Metadata = {}
    for name in DESCRIBED:
        if name in changes:
            told[f"{name}_before"], told[f"{name}_after"] = _text(changes[name].before), _text(changes[name].after)
    return told


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:LONGEST_TEXT]


def _file(attachment: Attachment) -> Metadata:
    return {
        "filename": attachment.filename[:LONGEST_TEXT],
        "content_type": attachment.content_type[:LONGEST_TEXT],
        "size": attachment.size,
    }
