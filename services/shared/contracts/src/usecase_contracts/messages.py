"""Messages, one class for each event type: the seed's envelope (S:99-104) around flat data.

Published by postgres-data's outbox relay (`task_…`, `reminder_due`) and by the bot (`attachment_added`); what
happens to an urgent task travels a second time, by `urgent.task`. Consumers may see a message twice and act
once, by `event_id`. Fields may be added within a version; a reader ignores those it does not know. Task data
says what users see: a stored `pending` is published as `active`.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

import pydantic_core
from pydantic import BaseModel, ConfigDict, Discriminator, TypeAdapter

from usecase_contracts.fields import ANSWER, EventId, Id, Utc
from usecase_contracts.reminders import ReminderKind
from usecase_contracts.tasks import Priority, Task

PUBLISHED_BY_API = "task_api_service"
"""`source_service` of task messages: the api's writes cause them, whichever process relays them."""
PUBLISHED_BY_BOT = "task_bot_service"


class Envelope(BaseModel):
    """What every message carries around its `data`. `request_id` is the one of the request that caused it, if
    any.
    """

    model_config = ANSWER

    event_id: EventId
    version: Literal[1] = 1
    timestamp: Utc
    source_service: str
    request_id: str | None = None


class Change(BaseModel):
    """One field before and after."""

    model_config = ANSWER

    before: Any
    after: Any


class TaskData(Task):
    """The task as it is after what happened. Only the copy for people (`urgent.task`) names the owner's
    linked chat.
    """

    telegram_id: Id | None = None


class ChangedTask(TaskData):
    """The task after a change, with what changed by field name."""

    changes: dict[str, Change]


class FailedCreation(BaseModel):
    """`id` is the task's if any message has ever named it; consumers undo what they did for it."""

    model_config = ANSWER

    id: Id
    user_id: Id
    transaction_id: UUID
    error: str


class DueReminder(BaseModel):
    """What the bot needs to notify: no further question to anybody. `telegram_id` is null where no chat is
    linked.
    """

    model_config = ANSWER

    reminder_id: Id
    kind: ReminderKind
    reminder_time: Utc
    message: str
    id: Id
    user_id: Id
    telegram_id: Id | None
    title: str
    description: str | None
    priority: Priority
    due_date: Utc | None


class Attachment(BaseModel):
    """A file that stays with Telegram: described, never carried. `size` in bytes."""

    model_config = ANSWER

    filename: str
    content_type: str
    size: int
    telegram_file_id: str


class AttachedTo(BaseModel):
    """`id` is the task's."""

    model_config = ANSWER

    id: Id
    user_id: Id
    attachment: Attachment


class TaskCreated(Envelope):
    event_type: Literal["task_created"] = "task_created"
    data: TaskData


class TaskUpdated(Envelope):
    event_type: Literal["task_updated"] = "task_updated"
    data: ChangedTask


class TaskCompleted(Envelope):
    """Once per transition to completed; `data.completed_at` is set."""

    event_type: Literal["task_completed"] = "task_completed"
    data: ChangedTask


class TaskDeleted(Envelope):
    """`data` is the task as it last was."""

    event_type: Literal["task_deleted"] = "task_deleted"
    data: TaskData


class TaskCreationFailed(Envelope):
    event_type: Literal["task_creation_failed"] = "task_creation_failed"
    data: FailedCreation


class AttachmentAdded(Envelope):
    event_type: Literal["attachment_added"] = "attachment_added"
    data: AttachedTo


class ReminderDue(Envelope):
    event_type: Literal["reminder_due"] = "reminder_due"
    data: DueReminder


Message = Annotated[
    TaskCreated | TaskUpdated | TaskCompleted | TaskDeleted | TaskCreationFailed | AttachmentAdded | ReminderDue,
    Discriminator("event_type"),
]
# What people wrote is not repeated in an error: it goes into a log.
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message, config=ConfigDict(hide_input_in_errors=True))


def parse(body: bytes) -> Message:
    """Read a message; `pydantic.ValidationError` (a ValueError) says what is wrong with it."""
    return _MESSAGE.validate_json(body)


def serialize(message: Message) -> bytes:
    """The bytes that travel."""
    return pydantic_core.to_json(message)
