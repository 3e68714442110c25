"""Reminders as postgres-data keeps them. The reminder worker schedules and dispatches, the api adds custom
ones.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from usecase_contracts.fields import ANSWER, REQUEST, WHOLE, Id, ShortText, Utc


class ReminderKind(StrEnum):
    """A task has at most one `due_soon` and one `overdue` reminder, which follow it; `custom` ones are a
    user's own.
    """

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    CUSTOM = "custom"


class ReminderCreate(BaseModel):
    """`POST /reminders` (the seed's four fields; the others have their meaning only for reminders that follow
    a task).

    `due_soon` and `overdue` are moved when they exist. With `task_version` the call is refused (409
    `stale-version`) unless the task still has that version: a later event will say what holds.
    `repeat_seconds` sends it again at that distance until the task is completed, cancelled or deleted. A
    custom reminder for the same task and time exists once.
    """

    model_config = REQUEST

    task_id: Id
    user_id: Id
    reminder_time: Utc
    message: ShortText
    kind: ReminderKind = ReminderKind.CUSTOM
    task_version: Annotated[int, Field(ge=1, le=2**31 - 1), WHOLE] | None = None
    repeat_seconds: Annotated[int, Field(ge=21_600, le=2_592_000), WHOLE] | None = None


class Reminder(BaseModel):
    model_config = ANSWER

    id: Id
    task_id: Id
    user_id: Id
    reminder_time: Utc
    message: str
    kind: ReminderKind
    state: Literal["scheduled", "sent", "cancelled"]
    repeat_seconds: int | None
    sent_at: Utc | None
    created_at: Utc


class ReminderList(BaseModel):
    """`GET /tasks/{task_id}/reminders`, earliest first."""

    model_config = ANSWER

    data: list[Reminder]


class Cancelled(BaseModel):
    """`DELETE /tasks/{task_id}/reminders?kind=…&task_version=…`: how many scheduled reminders that ended."""

    model_config = ANSWER

    cancelled: int


class Dispatched(BaseModel):
    """`POST /reminders/dispatch?limit=…`: due reminders are marked and put into the outbox in one
    transaction; a `due_soon` whose task is due already is marked only.

    `dispatched == limit` means that more may be due now; `next_due_at` is the earliest one still scheduled.
    """

    model_config = ANSWER

    dispatched: int
    next_due_at: Utc | None


class NextReminder(BaseModel):
    """`GET /reminders/next?wait_seconds=…`: answers as soon as a reminder is due, at the latest after that wait.

    Due by the clock of the database, whatever clock the asker has.
    """

    model_config = ANSWER

    next_due_at: Utc | None
    due: bool
