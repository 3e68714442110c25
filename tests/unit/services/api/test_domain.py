"""The api's own rules."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from usecase_api import domain
from usecase_contracts.own_tasks import NewTask, TaskList
from usecase_http.problem import Problem

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PAGE = orjson.dumps({"data": [], "pagination": {"page": 2, "per_page": 20, "total": 25, "has_next": False}})


def test_a_new_task_is_pending_and_has_a_transaction_of_its_own() -> None:
    one, other = (domain.asked(NewTask(title="t"), 7, NOW) for _ in range(2))
    assert (one.user_id, one.status) == (7, "pending")
    assert one.transaction_id != other.transaction_id


def test_every_word_of_a_new_task_is_passed_on() -> None:
    sent = {"title": "t", "description": "d", "priority": "urgent", "due_date": "2026-11-24T10:00:00"}
    create = domain.asked(NewTask.model_validate({**sent, "status": "in_progress"}), 7, NOW)
    assert (create.title, create.description, create.priority, create.status) == ("t", "d", "urgent", "in_progress")
    assert create.due_date == datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize("late", [timedelta(minutes=2), timedelta(days=400)])
def test_a_new_task_is_not_due_in_the_past(late: timedelta) -> None:
    with pytest.raises(Problem) as refused:
        domain.asked(NewTask(title="t", due_date=NOW - late), 7, NOW)
    assert (refused.value.status, refused.value.members["errors"][0]["field"]) == (422, "body.due_date")


def test_a_caller_whose_clock_is_a_little_late_is_not_refused() -> None:
    assert domain.asked(NewTask(title="t", due_date=NOW - timedelta(seconds=50)), 7, NOW).due_date is not None


def test_nobody_is_reminded_yesterday() -> None:
    with pytest.raises(Problem) as refused:
        domain.reminder_time(NOW - timedelta(days=1), NOW)
    assert refused.value.members["errors"][0]["field"] == "query.remind_at"
    assert domain.reminder_time(NOW + timedelta(hours=1), NOW) == NOW + timedelta(hours=1)


def test_the_list_has_both_shapes() -> None:
    counts = {
        "user_id": 7, "created": 1, "completed": 0, "cancelled": 0, "deleted": 0, "completion_rate": 0.0,
        "average_completion_hours": None, "created_by_priority": {"low": 1}, "last_activity_at": None,
    }  # fmt: skip
    answer = TaskList.model_validate_json(domain.listed(PAGE, orjson.dumps({"data": counts})))
    assert answer.analytics is not None
    assert (answer.analytics.created, answer.note) == (1, None)
    assert (answer.total, answer.page, answer.per_page, answer.has_next) == (25, 2, 20, False)
    assert answer.pagination.total == 25


def test_a_list_without_analytics_says_so() -> None:
    answer = TaskList.model_validate_json(domain.listed(PAGE, None))
    assert answer.analytics is None
    assert answer.note == domain.ANALYTICS_AWAY
