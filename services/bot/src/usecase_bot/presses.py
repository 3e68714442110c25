"""Buttons under messages: which a message gets, and what a pressed one says. Pure; Telegram carries 64 bytes for each.

A button may be pressed long after its task changed: it names what to do, never what it believed the task to be.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from usecase_bot.numbers import argument
from usecase_contracts.own_tasks import TaskList
from usecase_contracts.tasks import Task, TaskStatus

NUMBERS_IN_A_ROW = 5


class Listing(StrEnum):
    """The lists of tasks, by the command that asks for each."""

    ALL = "mytasks"
    PENDING = "pending"
    COMPLETED = "completed"


@dataclass(frozen=True)
class Change:
    """Give a task this status."""

    status: TaskStatus
    task_id: int


@dataclass(frozen=True)
class Show:
    """Show one task."""

    task_id: int


@dataclass(frozen=True)
class Turn:
    """Show another page of a list."""

    listing: Listing
    page: int


Press = Change | Show | Turn
Button = tuple[str, Press]
Rows = list[list[Button]]


def encode(press: Press) -> str:
    match press:
        case Change(status, task_id):
            return f"status:{status}:{task_id}"
        case Show(task_id):
            return f"show:{task_id}"
        case Turn(listing, page):
            return f"list:{listing}:{page}"


def decode(data: str | None) -> Press | None:
    """None for what no button of ours says."""
    found = re.fullmatch(r"(status|list):([a-z_]+):([0-9]+)|(show):([0-9]+)", data or "")
    if not found:
        return None
    number = argument(found[3] or found[5])
    try:
        if number and found[1] == "status":
            return Change(TaskStatus(found[2]), number)
        if number and found[1] == "list":
            return Turn(Listing(found[2]), number)
    except ValueError:
        return None
    return Show(number) if number else None


def under_task(task_id: int, status: TaskStatus) -> Rows:
    """What can be done with a task of this status; nothing with a finished one."""
    if status not in (TaskStatus.ACTIVE, TaskStatus.IN_PROGRESS):
        return []
    start: list[Button] = [("▶️ Start", Change(TaskStatus.IN_PROGRESS, task_id))]
    rest: list[Button] = [
        ("✅ Done", Change(TaskStatus.COMPLETED, task_id)),
        ("🚫 Cancel", Change(TaskStatus.CANCELLED, task_id)),
    ]
    return [[*(start if status is TaskStatus.ACTIVE else []), *rest]]


def under_list(page: TaskList, listing: Listing) -> Rows:
    """A button for each task on the page, and the way to the pages beside it."""
    numbers: list[Button] = [(str(task.id), Show(task.id)) for task in page.tasks]
    rows = [numbers[at : at + NUMBERS_IN_A_ROW] for at in range(0, len(numbers), NUMBERS_IN_A_ROW)]
    turns: list[Button] = [("◀", Turn(listing, page.page - 1))] if page.page > 1 else []
    turns += [("▶", Turn(listing, page.page + 1))] if page.has_next else []
    return [*rows, turns] if turns else rows


def for_task(task: Task) -> Rows:
    return under_task(task.id, task.status)
