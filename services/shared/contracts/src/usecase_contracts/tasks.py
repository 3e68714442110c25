"""Tasks as postgres-data takes and gives them, and the statistics over one user's tasks."""

from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from usecase_contracts.fields import ANSWER, REQUEST, Description, Id, ShortText, Title, Utc


class TaskStatus(StrEnum):
    """What a task can be outside of postgres-data.

    Its storage also knows `pending` (reads as `active`), `failed` and `deleted` (read as not found).
    """

    ACTIVE = "active"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Task(BaseModel):
    """A task. `version` grows by one with every change that a reader can see; its events carry the same
    number.
    """

    model_config = ANSWER

    id: Id
    user_id: Id
    title: Title
    description: Description | None
    priority: Priority
    status: TaskStatus
    due_date: Utc | None
    completed_at: Utc | None
    transaction_id: UUID
    version: int
    created_at: Utc
    updated_at: Utc


class TaskCreate(BaseModel):
    """`POST /tasks`. The same `transaction_id` again gives the task that the first call made."""

    model_config = REQUEST

    user_id: Id
    title: Title
    description: Description | None = None
    priority: Priority = Priority.MEDIUM
    due_date: Utc | None = None
    status: Literal["pending", "active", "in_progress"] = "pending"
    transaction_id: UUID = Field(default_factory=uuid4)

    @field_validator("status")
    @classmethod
    def _pending_first(cls, status: str) -> str:
        """Active is what the relay makes of a task, once its message is out."""
        return "pending" if status == "active" else status


class TaskPatch(BaseModel):
    """`PATCH /tasks/{id}`: only fields that are sent change. Null clears `description` and `due_date`; it is
    refused elsewhere.
    """

    model_config = REQUEST

    title: Title | SkipJsonSchema[None] = None
    description: Description | None = None
    priority: Priority | SkipJsonSchema[None] = None
    due_date: Utc | None = None
    status: TaskStatus | SkipJsonSchema[None] = None

    @field_validator("title", "priority", "status", mode="before")
    @classmethod
    def _not_null(cls, value: object) -> object:
        if value is None:
            raise ValueError("may be left out, but not be null")
        return value

    def sent(self) -> dict[str, object]:
        """The fields that the caller sent, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Pagination(BaseModel):
    model_config = ANSWER

    page: int
    per_page: int
    total: int
    has_next: bool


class TaskPage(BaseModel):
    """`GET /users/{user_id}/tasks`, newest first."""

    model_config = ANSWER

    data: list[Task]
    pagination: Pagination


class TaskStats(BaseModel):
    """`GET /users/{user_id}/task_stats`. `pending_tasks` are the open ones (active and in progress); the rate
    is 0 to 1.
    """

    model_config = ANSWER

    total_tasks: int
    completed_tasks: int
    pending_tasks: int
    overdue_tasks: int
    completion_rate: float
    tasks_by_priority: dict[Priority, int]
    tasks_by_status: dict[TaskStatus, int]


class TransactionFailure(BaseModel):
    """`POST /transactions/{transaction_id}/fail`: the caller does not know whether its create arrived and
    gives it up.
    """

    model_config = REQUEST

    user_id: Id
    error: ShortText


class FailedTransaction(BaseModel):
    """`failed`: the task existed and is gone again. `refused`: it did not exist, and a late insert will be
    refused (409).
    """

    model_config = ANSWER

    transaction_id: UUID
    task_id: Id
    outcome: Literal["failed", "refused"]
