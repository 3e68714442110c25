"""What each event counts for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from task_messages import CREATED_AT, completed, created, creation_failed, deleted, updated
from usecase_analytics_worker import domain
from usecase_contracts.analytics import TaskActionRecord
from usecase_contracts.messages import Message, parse, serialize
from usecase_contracts.tasks import TaskStatus
from usecases import ROOT

GOLDENS = ROOT / "tests" / "contract" / "messages"
DONE = CREATED_AT + timedelta(hours=6, minutes=30)


def record(message: Message) -> TaskActionRecord:
    found = domain.record(message)
    assert found is not None
    return found


def test_a_record_is_known_by_its_event() -> None:
    message = created(priority="high")
    found = record(message)
    assert (found.event_id, found.task_id, found.user_id, found.timestamp) == (message.event_id, 5, 3, CREATED_AT)
    assert (found.action, found.status, found.priority) == ("created", "active", "high")


def test_a_creation_tells_what_the_task_has() -> None:
    assert record(created(description="on Sunday", due_date=DONE)).metadata == {
        "has_due_date": True,
        "has_description": True,
        "title_length": 8,
    }
    assert record(created(description="")).metadata["has_description"] is False


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        pytest.param({"title": ("a", "b")}, "updated", id="a field"),
        pytest.param({"status": ("active", "in_progress")}, "status_changed", id="the status"),
        pytest.param({"status": ("completed", "active"), "title": ("a", "b")}, "status_changed", id="reopened"),
        pytest.param({"status": ("active", "cancelled")}, "cancelled", id="to cancelled"),
        pytest.param({}, "updated", id="what this version does not know"),
    ],
)
def test_a_change_is_named_by_what_changed(changes: dict[str, tuple[Any, Any]], action: str) -> None:
    assert record(updated(changes)).action == action


def test_a_change_is_kept_before_and_after() -> None:
    metadata = record(updated({"title": ("a", "b"), "due_date": (None, "2026-11-24T00:00:00Z")})).metadata
    assert metadata == {
        "title_before": "a",
        "title_after": "b",
        "due_date_before": None,
        "due_date_after": "2026-11-24T00:00:00Z",
    }


def test_whatever_changes_into_whatever_can_be_kept() -> None:
    strange = {"title": ({"deep": [1]}, 2**80), "description": ("x" * 2000, None), "a field of tomorrow": (1, 2)}
    metadata = record(updated(strange)).metadata
    assert set(metadata) == {"title_before", "title_after", "description_before", "description_after"}
    assert len(str(metadata["description_before"])) == 500


def test_a_completion_says_when_how_long_and_whether_too_late() -> None:
    found = record(completed(DONE, due_date=DONE - timedelta(minutes=1), priority="low"))
    assert (found.action, found.status, found.priority) == ("completed", "completed", "low")
    assert (found.completed_at, found.completion_hours, found.was_overdue) == (DONE, 6.5, True)
    assert found.metadata == {"completed_hour": 14, "completed_weekday": 1}


@pytest.mark.parametrize("due", [None, DONE])
def test_a_completion_in_time_is_not_overdue(due: datetime | None) -> None:
    assert record(completed(DONE, due_date=due)).was_overdue is False


def test_clocks_that_differ_make_no_negative_duration() -> None:
    assert record(completed(CREATED_AT - timedelta(seconds=1))).completion_hours == 0


def test_a_deletion_and_an_undone_creation_are_counted() -> None:
    assert record(deleted()).action == "deleted"
    failed = record(creation_failed())
    assert (failed.action, failed.status, failed.metadata) == ("creation_failed", None, {"error": "no answer"})


@pytest.mark.parametrize("file", sorted(GOLDENS.glob("*.json")), ids=lambda file: file.stem)
def test_every_message_ever_sent_makes_a_record_that_is_accepted(file: Any) -> None:
    """All but what is no task event; the round trip is what mongo-data checks."""
    found = domain.record(parse(file.read_bytes()))
    if file.stem == "reminder_due.v1":
        assert found is None
    else:
        assert found is not None
        assert TaskActionRecord.model_validate_json(found.model_dump_json()) == found


def test_a_size_that_no_reader_keeps_exact_is_kept_about() -> None:
    message = parse((GOLDENS / "attachment_added.v1.json").read_bytes())
    body = serialize(message).replace(b'"size":12345', b'"size":99999999999999999999')
    assert record(parse(body)).metadata["size"] == 1e20


def test_the_period_of_the_statistics_is_the_same_all_day() -> None:
    morning, night = datetime(2026, 11, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 23, 59, 59, 999, tzinfo=UTC)
    assert domain.period(morning, 5) == domain.period(night, 5)
    period = domain.period(night, 5)
    assert (period.period_start, period.period_end) == (
        datetime(2026, 11, 17, tzinfo=UTC),
        datetime(2026, 11, 24, tzinfo=UTC),
    )
    assert period.period_start < morning < night < period.period_end


def test_statuses_of_tasks_are_those_of_records() -> None:
    assert {record(created(status=status)).status for status in TaskStatus} == set(TaskStatus)
