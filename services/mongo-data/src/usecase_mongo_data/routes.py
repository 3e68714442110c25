"""HTTP, and nothing else: what comes in is checked by its schema, handed to the store, answered."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from usecase_contracts.analytics import (
    ActivityLog,
    ActivityLogCreate,
    ActivityLogList,
    BatchResult,
    ProductivityComputed,
    ProductivityPeriod,
    ProductivityStatsList,
    TaskActionBatch,
    TaskCompletion,
    TaskHistory,
    UserAnalyticsAnswer,
)
from usecase_contracts.fields import PathId, Utc
from usecase_http.fastapi_problems import problems
from usecase_http.problem import Problem
from usecase_mongo_data import domain
from usecase_mongo_data.store import Store

router = APIRouter()
TaskId = Annotated[PathId, Path(description="Id of a task.")]
UserId = Annotated[PathId, Path(description="Id of a user.")]


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


@router.post("/activity_logs", status_code=201)
async def add_activity(request: Request, body: ActivityLogCreate) -> ActivityLog:
    """Write one line of the activity log."""
    return await _store(request).add_activity(body)


@router.get("/activity_logs")
async def list_activities(
    request: Request,
    user_id: Annotated[PathId, Query()],
    start_date: Utc | None = None,
    end_date: Utc | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ActivityLogList:
    """A user's activity from `start_date` until before `end_date`, newest first."""
    return ActivityLogList(data=await _store(request).activities(user_id, start_date, end_date, limit))


@router.post("/task_analytics/bulk")
async def add_records(request: Request, body: TaskActionBatch) -> BatchResult:
    """Write a batch of records and the activities they tell of. Safe to repeat."""
    return await _store(request).add_records(body.records)


@router.get("/task_analytics/task/{task_id}", responses=problems(404))
async def task_history(request: Request, task_id: TaskId) -> TaskHistory:
    """The creation of a task, with all that followed."""
    if (found := domain.history(await _store(request).records_of_task(task_id))) is None:
        raise Problem(404, f"nothing is known of task {task_id}", "task-not-found")
    return found


@router.get("/task_analytics/task/{task_id}/completion", responses=problems(404))
async def task_completion(request: Request, task_id: TaskId) -> TaskCompletion:
    """The latest completion of a task."""
    if (found := domain.completion(await _store(request).records_of_task(task_id))) is None:
        raise Problem(404, f"no completion of task {task_id} is known", "completion-not-found")
    return found


@router.get("/users/{user_id}/task_analytics")
async def user_analytics(request: Request, user_id: UserId) -> UserAnalyticsAnswer:
    """Counts over all of a user's tasks."""
    return UserAnalyticsAnswer(data=await _store(request).user_analytics(user_id))


@router.post("/productivity_stats")
async def compute_productivity(request: Request, body: ProductivityPeriod) -> ProductivityComputed:
    """Compute and keep the statistics of everybody who created enough tasks in a period. Safe to repeat."""
    store, users = _store(request), 0
    for user_id in await store.users_active(body.period_start, body.period_end):
        records = await store.records_of_user(user_id, body.period_start, body.period_end)
        if domain.created_tasks(records) >= body.min_tasks:
            await store.put_productivity(domain.productivity(user_id, body.period_start, body.period_end, records))
            users += 1
    return ProductivityComputed(users=users)


@router.get("/users/{user_id}/productivity_stats")
async def list_productivity(
    request: Request, user_id: UserId, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> ProductivityStatsList:
    """A user's statistics, latest period first."""
    return ProductivityStatsList(data=await _store(request).productivity(user_id, limit))
