"""What people read is what was meant, whatever people wrote: escaped, cut, and short enough for Telegram."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bot_api.markup import parse, units
from hypothesis import given
from hypothesis import strategies as st

from unit.services.bot.making import NOW, page, reminder, task, urgent
from usecase_bot import texts
from usecase_bot.numbers import named_in
from usecase_contracts.tasks import TaskStats

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=255)
NASTY = "<b>x</b> & <script> \"'*_`[a](b)"
LIMIT = 4096


@given(ANY, st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=2000))
def test_every_text_about_a_task_is_html_that_telegram_takes(title: str, description: str) -> None:
    about = {"title": title, "description": description, "due_date": NOW}
    shown = [
        texts.card(task(**about), NOW, "Created"),
        texts.task_list(page(*[task(**about)] * 10), "All", NOW),
        texts.notification(urgent(**about), NOW),
        texts.notification(reminder(**about), NOW),
        texts.notification(reminder(kind="custom", message=title, **about), NOW),
        texts.attached(title, 1),
        texts.refused(title),
        texts.welcome(title),
        texts.type_refused(title, frozenset({"image/png"})),
    ]
    for each in shown:
        assert each is not None
        parsed = parse(each)
        assert 0 < units(parsed.text) <= LIMIT


def test_the_words_of_a_person_are_shown_as_they_were_written() -> None:
    assert NASTY in parse(texts.card(task(title=NASTY, description=NASTY), NOW)).text


def test_a_title_is_cut_before_it_is_escaped() -> None:
    (_, line) = parse(texts.task_list(page(task(title="&" * 40)), "All", NOW)).text.splitlines()
    assert f"{'&' * 29}…" in line


@pytest.mark.parametrize(
    ("due", "status", "overdue"), [(-1, "active", True), (-1, "completed", False), (1, "active", False)]
)
def test_open_tasks_past_their_time_are_overdue(due: int, status: str, overdue: bool) -> None:
    late = task(due_date=NOW + timedelta(hours=due), status=status)
    assert ("overdue" in texts.card(late, NOW)) is overdue
    assert ("overdue" in texts.task_list(page(late), "All", NOW)) is overdue


def test_times_are_in_the_zone_of_the_reader() -> None:
    here = datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert "Tue 24 Nov 2026 19:00" in texts.card(task(due_date=NOW), here)


def test_the_ends_of_the_calendar_can_be_shown() -> None:
    here = datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert "9999" in texts.card(task(due_date=datetime.max.replace(tzinfo=NOW.tzinfo)), here)


def test_a_list_says_how_many_pages_there_are() -> None:
    assert "<b>All</b> (25), page 2 of 3" in texts.task_list(page(task(), number=2, total=25), "All", NOW)
    assert texts.task_list(page(), "All", NOW) == texts.NO_TASKS


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"kind": "due_soon", "due_date": NOW + timedelta(minutes=60)},
            ["Due soon", "in 1 h", "/done 12", "/start_task"],
        ),
        ({"kind": "due_soon", "due_date": NOW - timedelta(minutes=5)}, ["Overdue", "5 min ago"]),
        ({"kind": "overdue", "due_date": NOW - timedelta(hours=26)}, ["Overdue", "1 d 2 h ago", "/cancel 12"]),
        ({"kind": "custom", "message": "Take the bag"}, ["🔔", "Buy milk", "Take the bag"]),
    ],
)
def test_reminders_say_what_and_when(fields: dict[str, object], words: list[str]) -> None:
    text = texts.notification(reminder(**fields), NOW) or ""
    assert [word for word in words if word not in text] == []


def test_a_reminder_carries_the_first_hundred_characters_of_the_description() -> None:
    text = texts.notification(reminder(description="d" * 300), NOW) or ""
    assert text.count("d" * 99 + "…") == 1


def test_statistics_name_every_number() -> None:
    numbers = TaskStats(
        total_tasks=8, completed_tasks=4, pending_tasks=3, overdue_tasks=2, completion_rate=0.5,
        tasks_by_priority={"urgent": 1, "low": 7}, tasks_by_status={},
    )  # fmt: skip
    text = texts.stats(numbers)
    for words in ("total: 8", "completed: 4", "pending: 3", "overdue: 2", "50%", "urgent: 1", "high: 0", "low: 7"):
        assert words in text


def test_what_is_answered_with_a_file_means_its_own_task_whatever_people_wrote() -> None:
    assert named_in(parse(texts.attached("invoice #3.pdf", 12)).text) == 12
    assert named_in(parse(texts.card(task(title="Order #7 pickup"), NOW)).text) == task().id
    assert named_in(parse(texts.task_list(page(task(title="Order #7 pickup")), "All", NOW)).text) is None
