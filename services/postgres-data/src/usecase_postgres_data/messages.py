"""How what happened becomes messages: which exchanges, which keys, which bodies.

A create's message is built by its own statement (`store.creation`) in the same form; everything else comes
from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from usecase_contracts import topology
from usecase_contracts.messages import (
    PUBLISHED_BY_API,
    Change,
    ChangedTask,
    FailedCreation,
    TaskCompleted,
    TaskCreationFailed,
    TaskData,
    TaskDeleted,
    TaskUpdated,
    serialize,
)
from usecase_contracts.tasks import Priority, Task
from usecase_runtime.context import request_id

TaskMessage = TaskUpdated | TaskCompleted | TaskDeleted


@dataclass(frozen=True)
class Outgoing:
    """One row of the outbox: `task_id` and `exchange` name the stream whose order is kept."""

    event_id: UUID
    task_id: int
    exchange: str
    routing_key: str
    body: str


def changed(
    task: Task, changes: dict[str, Change], now: datetime, *, completed: bool, chat: int | None
) -> Sequence[Outgoing]:
    """The messages of a change; `chat` is the owner's linked Telegram id."""
    kind = TaskCompleted if completed else TaskUpdated
    data = ChangedTask(**task.model_dump(), changes=changes)
    message = kind(
        event_id=uuid4(), timestamp=now, source_service=PUBLISHED_BY_API, request_id=request_id.get(), data=data
    )
    return _with_urgent_copy(message, chat)


def deleted(task: Task, now: datetime, *, chat: int | None) -> Sequence[Outgoing]:
    """The messages of a deletion: `task` as it last was."""
    message = TaskDeleted(
        event_id=uuid4(),
        timestamp=now,
        source_service=PUBLISHED_BY_API,
        request_id=request_id.get(),
        data=TaskData(**task.model_dump()),
    )
    return _with_urgent_copy(message, chat)


def creation_failed(task_id: int, user_id: int, transaction_id: UUID, error: str, now: datetime) -> Sequence[Outgoing]:
    """The compensation of a create whose caller gave it up (S:322)."""
    message = TaskCreationFailed(
        event_id=uuid4(),
        timestamp=now,
        source_service=PUBLISHED_BY_API,
        request_id=request_id.get(),
        data=FailedCreation(id=task_id, user_id=user_id, transaction_id=transaction_id, error=error),
    )
    return [_by_task_key(message, task_id)]


def _with_urgent_copy(message: TaskMessage, chat: int | None) -> Sequence[Outgoing]:
    """What happens to an urgent task travels a second time, with the chat to tell (S:113-119)."""
    task_id = message.data.id
    outgoing = [_by_task_key(message, task_id)]
    if message.data.priority is Priority.URGENT:
        copy = message.model_copy(update={"data": message.data.model_copy(update={"telegram_id": chat})})
        body = serialize(copy).decode()
        outgoing.append(Outgoing(message.event_id, task_id, topology.URGENT_NOTIFICATIONS, topology.URGENT_KEY, body))
    return outgoing


def _by_task_key(message: TaskMessage | TaskCreationFailed, task_id: int) -> Outgoing:
    key = topology.task_key(message.event_type)
    return Outgoing(message.event_id, task_id, topology.TASK_EVENTS, key, serialize(message).decode())
