"""What a change to a task means."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from usecase_contracts.messages import Change
from usecase_contracts.tasks import Priority, Task, TaskStatus
from usecase_postgres_data.domain import decide, next_try_in

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DUE = NOW + timedelta(days=1)


def task(**values: Any) -> Task:
    """A task that was made yesterday, with these values."""
    made: dict[str, Any] = {
        "id": 1, "user_id": 2, "title": "Write report", "description": None, "priority": Priority.MEDIUM,
        "status": TaskStatus.ACTIVE, "due_date": DUE, "completed_at": None, "transaction_id": UUID(int=1),
        "version": 1, "created_at": NOW - timedelta(days=1), "updated_at": NOW - timedelta(days=1),
    }  # fmt: skip
    return Task(**made | values)


DONE = {"status": TaskStatus.COMPLETED, "completed_at": NOW - timedelta(hours=1)}


@pytest.mark.parametrize(
    ("before", "sent", "values", "completed"),
    [
        pytest.param({}, {"title": "New"}, {"title": "New"}, False, id="one field"),
        pytest.param({}, {"due_date": None}, {"due_date": None}, False, id="a due date is cleared"),
        pytest.param(
            {}, {"status": TaskStatus.COMPLETED}, {"status": TaskStatus.COMPLETED, "completed_at": NOW}, True,
            id="completion is stamped",
        ),
        pytest.param(
            {}, {"status": TaskStatus.COMPLETED, "title": "New"},
            {"status": TaskStatus.COMPLETED, "title": "New", "completed_at": NOW}, True, id="completion and a change",
        ),
        pytest.param(
            DONE, {"status": TaskStatus.ACTIVE}, {"status": TaskStatus.ACTIVE, "completed_at": None}, False,
            id="reopening clears the stamp",
        ),
        pytest.param(DONE, {"title": "New"}, {"title": "New"}, False, id="an edit of a completed one"),
        pytest.param(
            {}, {"status": TaskStatus.CANCELLED}, {"status": TaskStatus.CANCELLED, "completed_at": None}, False,
            id="cancelling",
        ),
    ],
)  # fmt: skip
def test_a_change_stores(
    before: dict[str, Any], sent: dict[str, object], values: dict[str, object], completed: bool
) -> None:
    decision = decide(task(**before), sent, NOW)
    assert decision is not None
    assert (decision.values, decision.completed) == (values, completed)


@pytest.mark.parametrize(
    ("before", "sent"),
    [
        pytest.param({}, {}, id="nothing sent"),
        pytest.param({}, {"title": "Write report", "due_date": DUE}, id="everything as it was"),
        pytest.param(DONE, {"status": TaskStatus.COMPLETED}, id="completed again"),
        pytest.param({}, {"status": TaskStatus.ACTIVE}, id="active, as every pending task reads"),
    ],
)
def test_what_changes_nothing_is_no_change(before: dict[str, Any], sent: dict[str, object]) -> None:
    assert decide(task(**before), sent, NOW) is None


def test_changes_say_before_and_after_of_what_a_reader_asked_for() -> None:
    decision = decide(task(), {"status": TaskStatus.COMPLETED, "priority": Priority.MEDIUM}, NOW)
    assert decision is not None
    assert decision.changes == {"status": Change(before=TaskStatus.ACTIVE, after=TaskStatus.COMPLETED)}


@pytest.mark.parametrize(("tries", "seconds"), [(0, 1), (1, 2), (5, 32), (6, 60), (1000, 60)])
def test_an_unroutable_message_waits_longer_each_time_up_to_a_minute(tries: int, seconds: int) -> None:
    assert next_try_in(tries) == seconds
