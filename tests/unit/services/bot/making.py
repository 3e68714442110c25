"""Tasks and messages for tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from usecase_contracts.messages import DueReminder, ReminderDue, TaskCreated, TaskData
from usecase_contracts.own_tasks import TaskList
from usecase_contracts.tasks import Pagination, Task

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def task(**fields: Any) -> Task:
    return Task(**_fields(fields))


def _fields(fields: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": 12, "user_id": 3, "title": "Buy milk", "description": None, "priority": "medium", "status": "active",
        "due_date": None, "completed_at": None, "transaction_id": uuid4(), "version": 1,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return known | fields


def page(*tasks: Task, number: int = 1, total: int | None = None) -> TaskList:
    total = len(tasks) if total is None else total
    pagination = Pagination(page=number, per_page=10, total=total, has_next=number * 10 < total)
    return TaskList(
        tasks=list(tasks), analytics=None, note=None, pagination=pagination,
        total=total, page=number, per_page=10, has_next=pagination.has_next,
    )  # fmt: skip


def urgent(**fields: Any) -> TaskCreated:
    data = TaskData(**_fields({"priority": "urgent", "telegram_id": 1001} | fields))
    return TaskCreated(event_id=uuid4(), timestamp=NOW, source_service="task_api_service", data=data)


def reminder(**fields: Any) -> ReminderDue:
    known: dict[str, Any] = {
        "reminder_id": 7, "kind": "due_soon", "reminder_time": NOW, "message": "Task 'Buy milk' is due in 1 hour",
        "id": 12, "user_id": 3, "telegram_id": 1001, "title": "Buy milk", "description": None, "priority": "medium",
        "due_date": None,
    }  # fmt: skip
    data = DueReminder(**known | fields)
    return ReminderDue(event_id=uuid4(), timestamp=NOW, source_service="task_api_service", data=data)
