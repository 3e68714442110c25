"""Carries out at postgres-data what `domain` says about an event."""

from collections.abc import Sequence
from datetime import UTC, datetime

from usecase_contracts.messages import Message
from usecase_contracts.reminders import ReminderCreate
from usecase_http.client import Client
from usecase_reminder_worker import domain
from usecase_runtime.errors import NotFound, Refused, Reject


class Reminders:
    """Handles the events of the queue."""

    def __init__(self, database: Client) -> None:
        self._database = database

    async def handle(self, message: Message) -> None:
        """Make the task's reminders what this event says; safe to repeat, and safe out of order."""
        for step in domain.steps(message, datetime.now(UTC)):
            if isinstance(step, ReminderCreate):
                await self._schedule(step)
            else:
                await self._cancel(step)

    async def _schedule(self, reminder: ReminderCreate) -> None:
        try:
            await self._database.call("POST", "/reminders", reminder.model_dump_json().encode())
        except NotFound:
            pass  # the task is gone: so are its reminders
        except Refused as refused:
            if refused.status != 409:
                raise Reject(f"postgres-data refused a reminder: {refused}") from refused
            # The task was changed or closed since, and the event of that says what holds.

    async def _cancel(self, cancel: domain.Cancel) -> None:
        query: dict[str, int | Sequence[str]] = {"kind": [kind.value for kind in cancel.kinds]} if cancel.kinds else {}
        query |= {"task_version": cancel.version} if cancel.version is not None else {}
        try:
            await self._database.call("DELETE", f"/tasks/{cancel.task_id}/reminders", query=query)
        except Refused as refused:
            raise Reject(f"postgres-data refused to cancel: {refused}") from refused
