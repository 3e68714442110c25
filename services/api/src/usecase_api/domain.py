"""The api's own rules: pure, no await, no client."""

from datetime import datetime, timedelta

import orjson

from usecase_contracts.own_tasks import NewTask
from usecase_contracts.tasks import TaskCreate
from usecase_http.problem import Problem

CLOCKS_DIFFER = timedelta(minutes=1)
"""A caller's clock may be late by this much, and its form may know no seconds."""
ANALYTICS_AWAY = "analytics are not available at the moment; the tasks are complete"


def asked(task: NewTask, user_id: int, now: datetime) -> TaskCreate:
    """The create that postgres-data gets, with a transaction id of its own.

    A new task that is due in the past is a mistake (422). An old one may stay overdue: changes are not asked.
    """
    if task.due_date is not None:
        _must_lie_ahead("body.due_date", task.due_date, now)
    return TaskCreate(
        user_id=user_id,
        title=task.title,
        description=task.description,
        priority=task.priority,
        due_date=task.due_date,
        status=task.status,
    )


def reminder_time(remind_at: datetime, now: datetime) -> datetime:
    """When to remind; a time that is over is a mistake (422)."""
    _must_lie_ahead("query.remind_at", remind_at, now)
    return remind_at


def _must_lie_ahead(field: str, moment: datetime, now: datetime) -> None:
    if moment < now - CLOCKS_DIFFER:
        errors = [{"field": field, "message": f"must lie ahead of now, which is {now.isoformat(timespec='seconds')}"}]
        raise Problem(422, "the time is over already", "time-over", errors)


def listed(page: bytes, analytics: bytes | None) -> bytes:
    """The list's answer (an `own_tasks.TaskList`) of what both data services said.

    Tasks are passed on as they came: they were checked when they were written.
    """
    tasks = orjson.loads(page)
    counts = None if analytics is None else orjson.loads(analytics)["data"]
    return orjson.dumps(
        {
            "tasks": tasks["data"],
            "analytics": counts,
            "note": ANALYTICS_AWAY if counts is None else None,
            "pagination": tasks["pagination"],
            **tasks["pagination"],
        }
    )
