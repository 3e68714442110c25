"""Messages about one task, made from few words."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from usecase_contracts.messages import (
    Change,
    ChangedTask,
    FailedCreation,
    TaskCompleted,
    TaskCreated,
    TaskCreationFailed,
    TaskData,
    TaskDeleted,
    TaskUpdated,
)

CREATED_AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
TRANSACTION = UUID("7b0b6ad4-6f0e-4f0a-9a3e-000000000001")


def task(**values: Any) -> dict[str, Any]:
    return {
        "id": 5,
        "user_id": 3,
        "title": "Call mom",
        "description": None,
        "priority": "medium",
        "status": "active",
        "due_date": None,
        "completed_at": None,
        "transaction_id": TRANSACTION,
        "version": 1,
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
    } | values


def envelope(at: datetime = CREATED_AT) -> dict[str, Any]:
    return {"event_id": uuid4(), "timestamp": at, "source_service": "task_api_service"}


def created(**values: Any) -> TaskCreated:
    return TaskCreated(**envelope(), data=TaskData(**task(**values)))


def updated(changes: dict[str, tuple[Any, Any]], **values: Any) -> TaskUpdated:
    told = {name: Change(before=before, after=after) for name, (before, after) in changes.items()}
    return TaskUpdated(**envelope(), data=ChangedTask(**task(**{"version": 2} | values), changes=told))


def completed(at: datetime, **values: Any) -> TaskCompleted:
    data = task(**{"version": 2, "status": "completed", "completed_at": at} | values)
    told = {"status": Change(before="active", after="completed")}
    return TaskCompleted(**envelope(at), data=ChangedTask(**data, changes=told))


def deleted(**values: Any) -> TaskDeleted:
    return TaskDeleted(**envelope(), data=TaskData(**task(**values)))


def creation_failed() -> TaskCreationFailed:
    data = FailedCreation(id=5, user_id=3, transaction_id=TRANSACTION, error="no answer")
    return TaskCreationFailed(**envelope(), data=data)
