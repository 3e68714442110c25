"""What mongo-data keeps: an activity log for people to read, and task analytics to count.

The analytics worker writes both from one message by `POST /task_analytics/bulk`; ids of messages make it
repeatable.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from usecase_contracts.fields import ANSWER, REQUEST, WHOLE, EventId, Id, Scalars, StoredScalars, Utc, Word
from usecase_contracts.tasks import Priority, TaskStatus


class TaskAction(StrEnum):
    """What happened to a task, in the words of `task_analytics`; the activity log says `task_<action>`."""

    CREATED = "created"
    UPDATED = "updated"
    STATUS_CHANGED = "status_changed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DELETED = "deleted"
    CREATION_FAILED = "creation_failed"
    ATTACHMENT_ADDED = "attachment_added"


class ActivityLogCreate(BaseModel):
    """`POST /activity_logs` (the seed's three fields; the rest is optional). The same `event_id` again
    changes nothing.
    """

    model_config = REQUEST

    action: Word
    task_id: Id
    user_id: Id
    event_id: EventId | None = None
    timestamp: Utc | None = None
    source: Word = "api"
    metadata: Scalars = {}


class ActivityLog(BaseModel):
    model_config = ANSWER

    action: str
    task_id: Id
    user_id: Id
    event_id: EventId
    timestamp: Utc
    source: str
    metadata: StoredScalars


class ActivityLogList(BaseModel):
    """`GET /activity_logs?user_id=…&start_date=…&end_date=…&limit=…`, newest first."""

    model_config = ANSWER

    data: list[ActivityLog]


class TaskActionRecord(BaseModel):
    """One message, as analytics keep it: `status` and `priority` of the task after it.

    `completed_at`, `completion_hours` (since its creation) and `was_overdue` belong to completions. `creation_failed`
    takes its task out of every count.
    """

    model_config = REQUEST

    event_id: EventId
    action: TaskAction
    task_id: Id
    user_id: Id
    timestamp: Utc
    status: TaskStatus | None = None
    priority: Priority | None = None
    completed_at: Utc | None = None
    completion_hours: Annotated[float, Field(strict=True, ge=0)] | None = None
    was_overdue: Annotated[bool, Field(strict=True)] | None = None
    metadata: Scalars = {}


class TaskActionBatch(BaseModel):
    """`POST /task_analytics/bulk`."""

    model_config = REQUEST

    records: Annotated[list[TaskActionRecord], Field(min_length=1, max_length=1000)]


class BatchResult(BaseModel):
    """How many records were new and how many had been written before (by `event_id`)."""

    model_config = ANSWER

    inserted: int
    duplicates: int


class HistoryEntry(BaseModel):
    model_config = ANSWER

    event_id: EventId
    action: TaskAction
    timestamp: Utc
    metadata: StoredScalars


class TaskHistory(BaseModel):
    """`GET /task_analytics/task/{task_id}`: the creation record, whenever asked, with all that followed
    beside it.
    """

    model_config = ANSWER

    task_id: Id
    user_id: Id
    action: Literal[TaskAction.CREATED]
    timestamp: Utc
    latest_action: TaskAction
    history: list[HistoryEntry]


class TaskCompletion(BaseModel):
    """`GET /task_analytics/task/{task_id}/completion`: the latest completion; 404 before there is one."""

    model_config = ANSWER

    task_id: Id
    user_id: Id
    completed_at: Utc
    completion_hours: float | None
    was_overdue: bool | None


class UserAnalytics(BaseModel):
    """Counts of a user's tasks: how many were ever created, completed, cancelled, deleted.

    The rate is completed over created, 0 to 1, null without any task.
    """

    model_config = ANSWER

    user_id: Id
    created: int
    completed: int
    cancelled: int
    deleted: int
    completion_rate: float | None
    average_completion_hours: float | None
    created_by_priority: dict[Priority, int]
    last_activity_at: Utc | None


class UserAnalyticsAnswer(BaseModel):
    """`GET /users/{user_id}/task_analytics`."""

    model_config = ANSWER

    data: UserAnalytics


class ProductivityPeriod(BaseModel):
    """`POST /productivity_stats`: compute and keep the statistics of every user with at least `min_tasks`
    created then.
    """

    model_config = REQUEST

    period_start: Utc
    period_end: Utc
    min_tasks: Annotated[int, Field(ge=1, le=1000), WHOLE] = 5


class ProductivityComputed(BaseModel):
    model_config = ANSWER

    users: int


class ProductivityStats(BaseModel):
    """One user's period. Hours are UTC; `most_productive_hour` is the hour with most
    completions.
    """

    model_config = ANSWER

    user_id: Id
    period_start: Utc
    period_end: Utc
    total_tasks: int
    completed_tasks: int
    cancelled_tasks: int
    overdue_tasks: int
    completion_rate: float
    average_completion_time_hours: float | None
    most_productive_hour: int | None
    tasks_by_priority: dict[Priority, int]
    tasks_by_status: dict[TaskStatus, int]


class ProductivityStatsList(BaseModel):
    """`GET /users/{user_id}/productivity_stats?limit=…`, latest period first."""

    model_config = ANSWER

    data: list[ProductivityStats]
