"""What an event means for the reminders of its task."""

from datetime import UTC, datetime, timedelta

import pytest

from task_messages import completed, created, creation_failed, deleted, updated
from usecase_contracts.messages import parse
from usecase_contracts.reminders import ReminderCreate, ReminderKind
from usecase_reminder_worker.domain import Cancel, Step, steps
from usecases import ROOT

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
HOUR = timedelta(hours=1)
DUE_SOON, OVERDUE = ReminderKind.DUE_SOON, ReminderKind.OVERDUE
FOLLOWING = (DUE_SOON, OVERDUE)


def scheduled(found: list[Step]) -> list[tuple[str, datetime]]:
    return [(each.kind, each.reminder_time) for each in found if isinstance(each, ReminderCreate)]


def test_a_task_with_a_due_date_is_told_of_an_hour_before_and_when_it_is_over() -> None:
    soon, overdue = steps(created(due_date=TOMORROW), NOW)
    assert isinstance(soon, ReminderCreate)
    assert isinstance(overdue, ReminderCreate)
    assert (soon.kind, soon.reminder_time, soon.message) == (
        "due_soon",
        TOMORROW - HOUR,
        "Reminder: 'Call mom' is due in 1 hour",
    )
    assert (overdue.kind, overdue.reminder_time, overdue.repeat_seconds) == ("overdue", TOMORROW, 86_400)
    assert (soon.task_id, soon.user_id, soon.task_version, soon.repeat_seconds) == (5, 3, 1, None)


def test_a_new_task_without_a_due_date_needs_nothing() -> None:
    assert steps(created(), NOW) == []


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(minutes=25), "25 minutes"),
        (timedelta(seconds=70), "1 minute"),
        (timedelta(seconds=1), "1 minute"),
        (HOUR, "1 hour"),
        (HOUR + timedelta(seconds=1), "1 hour"),
    ],
)
def test_a_task_due_within_the_hour_is_told_of_at_once_with_the_time_left(left: timedelta, words: str) -> None:
    soon, _ = steps(created(due_date=NOW + left), NOW)
    assert isinstance(soon, ReminderCreate)
    assert soon.message == f"Reminder: 'Call mom' is due in {words}"
    assert (soon.reminder_time <= NOW) == (left <= HOUR)


def test_the_time_does_not_depend_on_when_the_event_is_read() -> None:
    """The store sends a time once: a time that moved with the clock would be sent again by each event."""
    event = created(due_date=NOW + HOUR / 2)
    assert scheduled(steps(event, NOW)) == scheduled(steps(event, NOW + timedelta(minutes=5)))


def test_a_task_that_is_due_already_has_only_its_overdue_notice() -> None:
    assert steps(created(due_date=NOW), NOW)[0] == Cancel(5, (DUE_SOON,), 1)
    assert scheduled(steps(created(due_date=NOW), NOW)) == [("overdue", NOW)]


def test_every_update_says_all_that_holds() -> None:
    """An event that was overtaken is refused; the one that overtook it must not rely on it."""
    renamed = updated({"title": ("a", "b")}, due_date=TOMORROW)
    assert scheduled(steps(renamed, NOW)) == [("due_soon", TOMORROW - HOUR), ("overdue", TOMORROW)]
    assert steps(updated({"title": ("a", "b")}), NOW) == [Cancel(5, FOLLOWING, 2)]


def test_a_moved_due_date_moves_both() -> None:
    moved = updated({"due_date": (None, None)}, due_date=TOMORROW + HOUR, version=7)
    assert scheduled(steps(moved, NOW)) == [("due_soon", TOMORROW), ("overdue", TOMORROW + HOUR)]
    assert {each.task_version for each in steps(moved, NOW) if isinstance(each, ReminderCreate)} == {7}


def test_a_cleared_due_date_ends_what_followed_it_and_leaves_custom_ones() -> None:
    assert steps(updated({"due_date": ("x", None)}), NOW) == [Cancel(5, FOLLOWING, 2)]


def test_a_closed_task_ends_all_at_its_version() -> None:
    assert steps(completed(NOW, due_date=TOMORROW), NOW) == [Cancel(5, None, 2)]
    cancelled = updated({"status": ("active", "cancelled")}, status="cancelled", due_date=TOMORROW)
    assert steps(cancelled, NOW) == [Cancel(5, None, 2)]


def test_a_task_that_is_gone_ends_all_whatever_its_version() -> None:
    assert steps(deleted(due_date=TOMORROW), NOW) == [Cancel(5)]
    assert steps(creation_failed(), NOW) == [Cancel(5)]


@pytest.mark.parametrize("kind", ["attachment_added", "reminder_due"])
def test_other_events_leave_reminders_alone(kind: str) -> None:
    golden = ROOT / "tests" / "contract" / "messages" / f"{kind}.v1.json"
    assert steps(parse(golden.read_bytes()), NOW) == []


def test_the_longest_title_fits() -> None:
    assert len(scheduled(steps(created(title="x" * 255, due_date=TOMORROW), NOW))) == 2


def test_the_ends_of_the_calendar_can_be_due() -> None:
    assert len(steps(created(due_date=datetime.max.replace(tzinfo=UTC)), NOW)) == 2
    assert len(steps(created(due_date=datetime.min.replace(tzinfo=UTC)), NOW)) == 2
