"""What a change to a task means: pure rules, no await, no client.

Asked by `store.tasks` while it holds the task's row.
"""

from dataclasses import dataclass
from datetime import datetime

from usecase_contracts.messages import Change
from usecase_contracts.tasks import Task, TaskStatus

FIRST_PAUSE_SECONDS = 1
LONGEST_PAUSE_SECONDS = 60


@dataclass(frozen=True)
class Decision:
    """New values by column, what changed in a reader's eyes, and whether the task was completed by it."""

    values: dict[str, object]
    changes: dict[str, Change]
    completed: bool


def decide(task: Task, sent: dict[str, object], now: datetime) -> Decision | None:
    """What to store when `sent` is asked of `task`; None when nothing changes: then there is no message
    either.

    Completion stamps `completed_at`, reopening clears it (contract 7.1).
    """
    values = {field: value for field, value in sent.items() if value != getattr(task, field)}
    if not values:
        return None
    changes = {field: Change(before=getattr(task, field), after=value) for field, value in values.items()}
    completed = values.get("status") == TaskStatus.COMPLETED
    if completed:
        values["completed_at"] = now
    elif "status" in values:
        values["completed_at"] = None
    return Decision(values, changes, completed)


def next_try_in(tries: int) -> int:
    """Seconds until a message that the broker did not take is tried again, after `tries` tries."""
    doubled = FIRST_PAUSE_SECONDS << min(tries, 16)
    return min(doubled, LONGEST_PAUSE_SECONDS)
