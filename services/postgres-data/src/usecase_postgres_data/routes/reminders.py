"""Reminders scheduled, moved, cancelled, and handed out when they are due."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from usecase_contracts.reminders import (
    Cancelled,
    Dispatched,
    NextReminder,
    Reminder,
    ReminderCreate,
    ReminderKind,
    ReminderList,
)
from usecase_http.fastapi_problems import problems
from usecase_postgres_data.routes.parameters import Owner, TaskId, pool_of
from usecase_postgres_data.store import reminders

router = APIRouter(tags=["reminders"])


@router.post("/reminders", status_code=201, responses=problems(404, 409))
async def schedule_reminder(request: Request, body: ReminderCreate) -> Reminder:
    """Schedule a reminder, or move the one that follows its task."""
    return await reminders.schedule(pool_of(request), body)


@router.post("/reminders/dispatch")
async def dispatch_reminders(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 500) -> Dispatched:
    """Mark what is due and put it into the outbox."""
    return await reminders.dispatch(pool_of(request), limit)


@router.get("/reminders/next")
async def next_reminder(
    request: Request, wait_seconds: Annotated[float, Query(ge=0, le=reminders.LONGEST_WAIT_SECONDS)] = 0
) -> NextReminder:
    """When the next reminder is due: answered when it is, or after `wait_seconds`."""
    return await reminders.upcoming(pool_of(request), wait_seconds)


@router.get("/tasks/{task_id}/reminders")
async def list_reminders(request: Request, task_id: TaskId, owner: Owner = None) -> ReminderList:
    """The reminders of a task, earliest first."""
    return ReminderList(data=await reminders.of_task(pool_of(request), task_id, owner))


@router.delete("/tasks/{task_id}/reminders")
async def cancel_reminders(
    request: Request,
    task_id: TaskId,
    kind: Annotated[list[ReminderKind] | None, Query()] = None,
    task_version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Cancelled:
    """Cancel a task's scheduled reminders: of these kinds, and only if the task still has this version."""
    return Cancelled(cancelled=await reminders.cancel(pool_of(request), task_id, kind, task_version))
