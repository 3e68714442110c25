"""What a text means: the contract's rules (6.2), its examples, and the cases that the reference got wrong (R25)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_bot.entry import MAX_DESCRIPTION, MAX_TITLE, read
from usecase_contracts.own_tasks import NewTask
from usecase_contracts.tasks import Priority

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
"""A Tuesday."""
END_OF_TODAY = "2026-11-24 23:59"
END_OF_TOMORROW = "2026-11-25 23:59"


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None


@pytest.mark.parametrize(
    ("text", "title", "priority", "due"),
    [
        # the reference's own examples
        ("Meeting at 3pm due today urgent", "Meeting", "urgent", "2026-11-24 15:00"),
        ("Write report by friday", "Write report", "medium", "2026-11-27 23:59"),
        ("Call mom tomorrow", "Call mom", "medium", END_OF_TOMORROW),
        ("Buy groceries !!!", "Buy groceries", "urgent", None),
        ("Review document low priority", "Review document", "low", None),
        ("Buy groceries tomorrow high priority", "Buy groceries", "high", END_OF_TOMORROW),
        # R25
        ("Ship in 2 hours urgent", "Ship", "urgent", "2026-11-24 12:00"),
        ("Pay the rent in 3 days", "Pay the rent", "medium", "2026-11-27 23:59"),
        ("tomorrow", "tomorrow", "medium", END_OF_TOMORROW),
        ("Meet Ann on tuesday", "Meet Ann", "medium", "2026-12-01 23:59"),
        ("Do it due next friday at 5pm", "Do it", "medium", "2026-12-04 17:00"),
    ],
)
def test_examples(text: str, title: str, priority: str, due: str | None) -> None:
    entry = read(text, NOW)
    assert entry is not None
    assert (entry.title, entry.priority, entry.due) == (title, priority, moment(due))


@pytest.mark.parametrize(
    ("text", "title", "priority"),
    [
        ("Fix it ASAP", "Fix it", "urgent"),
        ("Urgent: fix it later", "fix it later", "urgent"),
        ("Deploy!! now", "Deploy now", "high"),
        ("An important call", "An call", "high"),
        ("priority: high fix it", "fix it", "high"),
        ("High-priority fix", "fix", "high"),
        ("maybe clean the desk", "clean the desk", "low"),
        ("Write to the highest office", "Write to the highest office", "medium"),
        ("What a day!", "What a day!", "medium"),
        ("urgent", "urgent", "urgent"),
        ("!!", "!!", "high"),
        ("urgent\u2003tomorrow", "urgent tomorrow", "urgent"),  # nothing but an odd space would be left
    ],
)
def test_priorities(text: str, title: str, priority: str) -> None:
    entry = read(text, NOW)
    assert entry is not None
    assert (entry.title, entry.priority) == (title, priority)


@pytest.mark.parametrize(
    ("text", "title", "due"),
    [
        ("Pay on 1/12", "Pay", "2026-12-01 23:59"),
        ("Pay on 5/11", "Pay", "2027-11-05 23:59"),
        ("Party on 29/2", "Party", "2028-02-29 23:59"),
        ("Pay on 1/12/27", "Pay", "2027-12-01 23:59"),
        ("Sync on 2026-12-01 at 14:30", "Sync", "2026-12-01 14:30"),
        ("Fly at 9am", "Fly", "2026-11-25 09:00"),
        ("Lunch by noon", "Lunch", "2026-11-24 12:00"),
        ("Run at 12am tomorrow", "Run", "2026-11-25 00:00"),
        ("Call today at 9am", "Call", END_OF_TODAY),
        ("Swim in a week", "Swim", "2026-12-01 23:59"),
        ("Swim in 2 weeks", "Swim", "2026-12-08 23:59"),
        ("Tea in 20 minutes", "Tea", "2026-11-24 10:20"),
        ("Prepare the monday report", "Prepare the report", "2026-11-30 23:59"),
        ("Call by fri", "Call", "2026-11-27 23:59"),
        ("Call, tomorrow, Bob!", "Call Bob!", END_OF_TOMORROW),
        ("Today I rest, due friday", "Today I rest", "2026-11-27 23:59"),
    ],
)
def test_dates(text: str, title: str, due: str) -> None:
    entry = read(text, NOW)
    assert entry is not None
    assert (entry.title, entry.due) == (title, moment(due))


@pytest.mark.parametrize(
    "text",
    [
        "Pay on 31/2",
        "Pay on 5/11/2025",
        "The rent is due soon",
        "Read pages 5/12",
        "Wake me at 25:00",
        "Meet at 13pm",
        "Talk by phone",
        "Meet mon",
        "Wait in 99999 weeks",
    ],
)
def test_what_is_no_date_stays_in_the_title(text: str) -> None:
    entry = read(text, NOW)
    assert entry is not None
    assert (entry.title, entry.due) == (text, None)


def test_hours_are_hours_when_the_clocks_change() -> None:
    before = datetime(2026, 10, 25, 1, 30, tzinfo=ZONE)
    entry = read("Look in 2 hours", before)
    assert entry is not None
    assert entry.due is not None
    assert entry.due.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=2)


def test_a_long_text_has_a_title_of_ten_words_and_a_description() -> None:
    words = [f"word{n}" for n in range(30)]
    entry = read(" ".join(words) + " tomorrow", NOW)
    assert entry is not None
    assert entry.title.split() == words[:10]
    assert (entry.description or "").split() == words[10:]
    assert entry.due == moment(END_OF_TOMORROW)


def test_a_hundred_characters_are_not_long() -> None:
    short, long = read("x " * 50, NOW), read("x " * 51, NOW)
    assert short
    assert long
    assert short.description is None
    assert long.description is not None


def test_one_endless_word_fits() -> None:
    entry = read("x" * 4096, NOW)
    assert entry is not None
    assert (len(entry.title), len(entry.description or "")) == (MAX_TITLE, MAX_DESCRIPTION)


@pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
def test_no_text_is_no_task(text: str) -> None:
    assert read(text, NOW) is None


VOCABULARY = """
due by on in at next this today tomorrow friday sun 31/2 1/1/9999 29/2 2026-02-30 9999 0 99 hours weeks days 3pm
25:61 12:00 noon urgent !!! !! low priority high-priority : , . x Ärger 🎉 ²
"""
WORDS = st.sampled_from([*VOCABULARY.split(), "\x00", "\n"])
ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Pacific/Apia", "America/Caracas")])


@given(
    st.lists(WORDS | st.text(max_size=8)).map(" ".join), st.datetimes(datetime(1970, 1, 2), datetime(2150, 1, 1)), ZONES
)
def test_any_text_becomes_a_task_that_the_api_takes_or_none(text: str, at: datetime, zone: ZoneInfo) -> None:
    now = at.replace(tzinfo=zone)
    entry = read(text, now)
    if entry is None:
        assert not text.replace("\x00", "").strip()
        return
    assert isinstance(entry.priority, Priority)
    assert entry.due is None or entry.due.tzinfo is not None
    NewTask(title=entry.title, description=entry.description, priority=entry.priority, due_date=entry.due)


@given(st.lists(WORDS).map(" ".join))
def test_nothing_is_due_in_the_past(text: str) -> None:
    entry = read(text, NOW)
    assert entry is None or entry.due is None or entry.due >= NOW
