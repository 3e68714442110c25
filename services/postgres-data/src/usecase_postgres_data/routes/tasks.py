"""Tasks read, listed, changed, deleted, given up."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from usecase_contracts.fields import PathId
from usecase_contracts.tasks import (
    FailedTransaction,
    Pagination,
    Priority,
    Task,
    TaskPage,
    TaskPatch,
    TaskStats,
    TaskStatus,
    TransactionFailure,
)
from usecase_http.fastapi_problems import problems
from usecase_postgres_data.routes.parameters import Owner, TaskId, UserId, json, pool_of
from usecase_postgres_data.store import tasks

router = APIRouter(tags=["tasks"])
_TASK = {200: {"model": Task}, **problems(404)}
_PAGE: dict[int | str, dict[str, Any]] = {200: {"model": TaskPage}}

PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PerPage = Annotated[int, Query(ge=1, le=1000, description="Capped by MAX_TASKS_PER_PAGE.")]


@router.get("/users/{user_id}/tasks", response_model=None, responses=_PAGE)
async def list_tasks_of_user(
    request: Request,
    user_id: UserId,
    status: TaskStatus | None = None,
    priority: Priority | None = None,
    page: PageNumber = 1,
    per_page: PerPage = 20,
) -> Response:
    """A user's tasks, newest first."""
    shown = min(per_page, request.app.state.max_tasks_per_page)
    found, total = await tasks.page(
        pool_of(request), user_id, status=status, priority=priority, number=page, per_page=shown
    )
    pagination = Pagination(page=page, per_page=shown, total=total, has_next=page * shown < total)
    return json(f'{{"data":[{",".join(found)}],"pagination":{pagination.model_dump_json()}}}'.encode())


@router.get("/tasks", response_model=None, responses=_PAGE)
async def list_tasks(
    request: Request,
    user_id: Annotated[PathId, Query()],
    status: TaskStatus | None = None,
    priority: Priority | None = None,
    page: PageNumber = 1,
    per_page: PerPage = 20,
) -> Response:
    """The same list by query."""
    return await list_tasks_of_user(request, user_id, status, priority, page, per_page)


@router.get("/users/{user_id}/task_stats")
async def stats_of_user(request: Request, user_id: UserId) -> TaskStats:
    """Counts over a user's tasks."""
    return await tasks.stats(pool_of(request), user_id)


@router.get("/tasks/stats")
async def stats(request: Request, user_id: Annotated[PathId, Query()]) -> TaskStats:
    """The same counts by query."""
    return await tasks.stats(pool_of(request), user_id)


@router.get("/tasks/{task_id}", response_model=None, responses=_TASK)
async def read_task(request: Request, task_id: TaskId, owner: Owner = None) -> Response:
    """One task."""
    return json(await tasks.read(pool_of(request), task_id, owner))


@router.patch("/tasks/{task_id}", response_model=None, responses=_TASK)
async def change_task(request: Request, task_id: TaskId, body: TaskPatch, owner: Owner = None) -> Response:
    """Change the fields that are sent."""
    return json(await tasks.change(pool_of(request), task_id, owner, body.sent()))


@router.put("/tasks/{task_id}", response_model=None, responses=_TASK)
async def put_task(request: Request, task_id: TaskId, body: TaskPatch, owner: Owner = None) -> Response:
    """The same as PATCH: fields that are left out stay."""
    return await change_task(request, task_id, body, owner)


@router.delete("/tasks/{task_id}", status_code=204, responses=problems(404))
async def delete_task(request: Request, task_id: TaskId, owner: Owner = None) -> None:
    """Delete a task. Its transaction id stays taken."""
    await tasks.delete(pool_of(request), task_id, owner)


@router.post("/transactions/{transaction_id}/fail", responses=problems(404))
async def fail_transaction(request: Request, transaction_id: UUID, body: TransactionFailure) -> FailedTransaction:
    """Give up a create whose outcome is not known: its task goes if it came, and is refused if it comes yet."""
    return await tasks.fail(pool_of(request), transaction_id, body.user_id, body.error)
