"""The caller's tasks: listed, counted, read, changed, deleted, reminded of."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic.json_schema import SkipJsonSchema

from usecase_api import domain
from usecase_api.gate import caller
from usecase_api.routes.parameters import DOCUMENTED_TOKEN, TaskId, json, parts_of
from usecase_contracts.fields import Utc
from usecase_contracts.own_tasks import ReminderSet, StatusWord, TaskChange, TaskList
from usecase_contracts.tasks import Priority, Task, TaskStats
from usecase_http.fastapi_problems import problems

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"], dependencies=DOCUMENTED_TOKEN, responses=problems(401))
_TASK = {200: {"model": Task}, **problems(404)}


@router.get("", response_model=None, responses={200: {"model": TaskList}})
async def list_tasks(
    request: Request,
    status: StatusWord | SkipJsonSchema[None] = None,
    priority: Priority | SkipJsonSchema[None] = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=1000, description="Capped by MAX_TASKS_PER_PAGE.")] = 20,
) -> Response:
    """Your tasks, newest first, with what analytics say of them all; those are null while they are away."""
    parts, user_id = parts_of(request), caller.get()
    filters: dict[str, str | int] = {"page": page, "per_page": min(per_page, parts.max_tasks_per_page)}
    filters |= {"status": status.value} if status else {}
    filters |= {"priority": priority.value} if priority else {}
    tasks, analytics = await asyncio.gather(parts.tasks.page(user_id, filters), parts.analytics.of_user(user_id))
    return json(domain.listed(tasks, analytics))


# Before the routes with an id: `stats` is none.
@router.get("/stats", response_model=None, responses={200: {"model": TaskStats}})
async def stats(request: Request) -> Response:
    """Counts over your tasks."""
    return json(await parts_of(request).tasks.stats(caller.get()))


@router.get("/{task_id}", response_model=None, responses=_TASK)
async def read_task(request: Request, task_id: TaskId) -> Response:
    """One task."""
    return json(await parts_of(request).tasks.read(caller.get(), task_id))


@router.patch("/{task_id}", response_model=None, responses=_TASK)
async def change_task(request: Request, task_id: TaskId, body: TaskChange) -> Response:
    """Change the fields that are sent."""
    return json(await parts_of(request).tasks.change(caller.get(), task_id, body))


@router.put("/{task_id}", response_model=None, responses=_TASK)
async def put_task(request: Request, task_id: TaskId, body: TaskChange) -> Response:
    """The same as PATCH: fields that are left out stay."""
    return await change_task(request, task_id, body)


@router.delete("/{task_id}", status_code=204, responses=problems(404))
async def delete_task(request: Request, task_id: TaskId) -> None:
    """Delete a task."""
    await parts_of(request).tasks.delete(caller.get(), task_id)


@router.post("/{task_id}/reminders", responses=problems(404, 409))
async def remind(request: Request, task_id: TaskId, remind_at: Annotated[Utc, Query()]) -> ReminderSet:
    """Be reminded of a task at this time."""
    return await parts_of(request).tasks.remind(caller.get(), task_id, remind_at)
