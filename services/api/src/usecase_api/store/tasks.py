"""A user's tasks, in postgres-data. Whose they are is said with every call: a task of anybody else is not found."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import TypeAdapter

from usecase_api import domain
from usecase_api.store.cache import Cache
from usecase_api.store.giving_up import GivingUp
from usecase_api.store.peer import Peer
from usecase_contracts.own_tasks import NewTask, ReminderSet, TaskChange
from usecase_contracts.reminders import Reminder, ReminderCreate
from usecase_contracts.tasks import Task
from usecase_http.problem import Problem
from usecase_runtime.errors import NotDone, NotFound, Unavailable

_REMINDER: TypeAdapter[Reminder] = TypeAdapter(Reminder)


class Tasks:
    """Answers are JSON as postgres-data wrote it."""

    def __init__(self, postgres: Peer, cache: Cache, giving_up: GivingUp) -> None:
        self._postgres, self._cache, self._giving_up = postgres, cache, giving_up

    async def create(self, user_id: int, task: NewTask) -> bytes:
        """Create a task, once: the tries share a transaction id, and one whose outcome is unknown after them is
        given up. So a 503 means that there is no task, and asking again is safe.
        """
        create = domain.asked(task, user_id, datetime.now(UTC))
        if self._giving_up.full:
            raise self._postgres.away(harmless=True)
        try:
            return await self._postgres.attempt("POST", "/tasks", create.model_dump_json().encode())
        except NotFound:
            raise Problem(401, "the user of this access token does not exist", "token-invalid") from None
        except Unavailable as error:
            if not isinstance(error, NotDone):
                await self._giving_up.give_up(create.transaction_id, user_id, "the api had no answer to this create")
            raise self._postgres.away(harmless=True) from error
        except asyncio.CancelledError:
            # The server's grace is over: nobody hears an answer, so there shall be no task either.
            self._giving_up.begin(create.transaction_id, user_id, "the api ended before this create was answered")
            raise
        finally:
            await self._cache.forget(user_id)

    async def read(self, user_id: int, task_id: int) -> bytes:
        """One task."""
        return await self._cache.read(user_id, f"task:{task_id}", lambda: self._of_task(user_id, "GET", task_id))

    async def change(self, user_id: int, task_id: int, change: TaskChange) -> bytes:
        """Change what was sent. Values are absolute, so it may arrive twice."""
        body = change.model_dump_json(exclude_unset=True).encode()
        try:
            return await self._of_task(user_id, "PATCH", task_id, body)
        finally:
            await self._cache.forget(user_id)

    async def delete(self, user_id: int, task_id: int) -> None:
        """Delete a task. Not repeated by itself: the second time it would be not found."""
        try:
            await self._of_task(user_id, "DELETE", task_id, repeatable=False)
        finally:
            await self._cache.forget(user_id)

    async def page(self, user_id: int, filters: Mapping[str, str | int]) -> bytes:
        """A page of the list; never from the cache."""
        return await self._postgres.call("GET", f"/users/{user_id}/tasks", query=filters)

    async def stats(self, user_id: int) -> bytes:
        """Counts over all of them."""
        path = f"/users/{user_id}/task_stats"
        return await self._cache.read(user_id, "stats", lambda: self._postgres.call("GET", path))

    async def remind(self, user_id: int, task_id: int, remind_at: datetime) -> ReminderSet:
        """Set a reminder of the user's own."""
        moment = domain.reminder_time(remind_at, datetime.now(UTC))
        task = Task.model_validate_json(await self.read(user_id, task_id))
        asked = ReminderCreate(
            task_id=task_id, user_id=user_id, reminder_time=moment, message=f"Reminder: {task.title}"
        )
        try:
            set_now = _REMINDER.validate_json(
                await self._postgres.call("POST", "/reminders", asked.model_dump_json().encode())
            )
        except NotFound:
            raise _no_task(task_id) from None
        return ReminderSet(message=f"you will be reminded at {moment.isoformat()}", reminder=set_now)

    async def _of_task(
        self, user_id: int, method: str, task_id: int, body: bytes | None = None, repeatable: bool = True
    ) -> bytes:
        try:
            return await self._postgres.call(method, f"/tasks/{task_id}", body, {"user_id": user_id}, repeatable)
        except NotFound:
            raise _no_task(task_id) from None


def _no_task(task_id: int) -> Problem:
    return Problem(404, f"you have no task {task_id}", "task-not-found")
