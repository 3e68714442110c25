"""Tasks as the api takes and gives them, to people and to the bot: always the caller's own, so nobody names a user.

A stored task reads the same everywhere (`tasks.Task`); here are the words in which it is asked for.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator
from pydantic.json_schema import SkipJsonSchema

from usecase_contracts.analytics import UserAnalytics
from usecase_contracts.fields import ANSWER, REQUEST, Description, Title, Utc
from usecase_contracts.reminders import Reminder
from usecase_contracts.tasks import Pagination, Priority, Task, TaskPatch, TaskStatus

TODO = "todo"
"""Another word for active, on input only (contract 7.1)."""


def _one_word(status: object) -> object:
    return "active" if status == TODO else status


StatusWord = Annotated[
    TaskStatus,
    BeforeValidator(
        _one_word, json_schema_input_type=Literal["active", "todo", "in_progress", "completed", "cancelled"]
    ),
]
OpenStatusWord = Annotated[
    Literal["active", "in_progress"],
    BeforeValidator(_one_word, json_schema_input_type=Literal["active", "todo", "in_progress"]),
]


class NewTask(BaseModel):
    """`POST /api/v1/tasks`. A due date without a zone is UTC."""

    model_config = REQUEST

    title: Title
    description: Description | None = None
    priority: Priority = Priority.MEDIUM
    due_date: Utc | None = None
    status: OpenStatusWord = "active"


class TaskChange(TaskPatch):
    """`PATCH` and `PUT /api/v1/tasks/{id}`: only fields that are sent change, in both."""

    status: StatusWord | SkipJsonSchema[None] = None


class TaskList(BaseModel):
    """`GET /api/v1/tasks`, newest first: the seed's three members and the reference's four beside them.

    `analytics` is null while mongo-data is away; `note` then says so.
    """

    model_config = ANSWER

    tasks: list[Task]
    analytics: UserAnalytics | None
    note: str | None
    pagination: Pagination
    total: int
    page: int
    per_page: int
    has_next: bool


class ReminderSet(BaseModel):
    """Answer of `POST /api/v1/tasks/{id}/reminders?remind_at=…`. The same time again sets nothing new."""

    model_config = ANSWER

    message: str
    reminder: Reminder
