"""When is it due: the words for dates and times in a text, where they stand and the moment they mean. Pure.

A day without a time ends at 23:59; a time without a day is its next occurrence; a weekday is the next one after
today. Only one date and one time count: one with `due`, `by`, `on` or `before` in front before any other. A date that
does not exist, or that is over, is no date: the text keeps it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

Span = tuple[int, int]
END_OF_DAY = time(23, 59)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_NAMES = "|".join(f"{name}|{name[:3]}" for name in _WEEKDAYS)
_LEAD = r"\b(?:(?:is\s+)?due(?:\s+(?:on|by|at|in))?|by|on|until|till|before)\b\s*:?\s*"
_DAY = rf"(?P<day>today|tomorrow|(?:(?:this|next)\s+)?(?:{_DAY_NAMES}))\b"
_BARE_DAY = rf"\b(?P<day>today|tomorrow|(?:(?:this|next)\s+)?(?:{'|'.join(_WEEKDAYS)}))\b"
_DATE = r"(?P<iso>\d{4}-\d{1,2}-\d{1,2})\b|(?P<d>\d{1,2})[/.](?P<m>\d{1,2})(?:[/.](?P<y>\d{4}|\d{2}))?(?![\d/])"
_SPAN = r"(?P<n>\d{1,4}|an?|one)\s*(?P<unit>minute|min|hour|hr|day|week)s?\b"
_HALF_DAY = r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\b\.?)"
_CLOCK = rf"(?:{_HALF_DAY}|(?P<h24>\d{{1,2}}):(?P<m24>\d{{2}})\b|(?P<noon>noon)\b)"
_DAY_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_LEAD}(?:{_DAY}|{_DATE})",
        rf"\b(?:due\s+)?in\s+{_SPAN}",
        _BARE_DAY,
    )
)
_TIME_PATTERN = re.compile(rf"(?:\bat\s+|{_LEAD}){_CLOCK}", re.IGNORECASE)
_TIME_AFTER_DAY = re.compile(rf"\s*,?\s*(?:at\s+)?{_CLOCK}", re.IGNORECASE)


@dataclass(frozen=True)
class _Day:
    """A day, or (`moment`) a moment that needs no time of day."""

    span: Span
    on: date | None = None
    moment: datetime | None = None


def find_due(text: str, now: datetime) -> tuple[datetime | None, list[Span]]:
    """The moment `text` names, in the zone of `now`, and where its words stand."""
    day = _find_day(text, now)
    clock, clock_span = _find_time(text, day)
    if day is None and clock is None:
        return None, []
    spans = [span for span in (day and day.span, clock_span) if span]
    if day and day.moment:
        return day.moment, [day.span]
    if day and day.on:
        due = datetime.combine(day.on, clock or END_OF_DAY, now.tzinfo)
        return (due if due > now else datetime.combine(day.on, END_OF_DAY, now.tzinfo)), spans
    due = datetime.combine(now.date(), clock or END_OF_DAY, now.tzinfo)
    return (due if due > now else due + timedelta(days=1)), spans


def _find_day(text: str, now: datetime) -> _Day | None:
    for pattern in _DAY_PATTERNS:
        for found in pattern.finditer(text):
            if day := _meaning(found, now):
                return day
    return None


def _meaning(found: re.Match[str], now: datetime) -> _Day | None:
    words, span = found.groupdict(), found.span()
    try:
        if words.get("n"):
            return _after(words["n"].lower(), words["unit"].lower(), now, span)
        if words.get("day"):
            return _Day(span, on=_named(words["day"].lower(), now.date()))
        if words.get("iso"):
            year, month, day = map(int, words["iso"].split("-"))
            return _not_over(_Day(span, on=date(year, month, day)), now)
        return _not_over(_Day(span, on=_calendar(int(words["d"]), int(words["m"]), words["y"], now.date())), now)
    except (ValueError, OverflowError):
        return None


def _after(count: str, unit: str, now: datetime, span: Span) -> _Day:
    """Hours and minutes are counted exactly, across a change of the clocks too; days and weeks are whole days."""
    n = int(count) if count.isdigit() else 1
    if unit in ("day", "week"):
        return _Day(span, on=now.date() + timedelta(days=n * (7 if unit == "week" else 1)))
    exact = timedelta(minutes=n) if unit.startswith("min") else timedelta(hours=n)
    return _Day(span, moment=(now.astimezone(UTC) + exact).astimezone(now.tzinfo))


def _named(words: str, today: date) -> date:
    if words == "today":
        return today
    if words == "tomorrow":
        return today + timedelta(days=1)
    which, _, name = words.rpartition(" ")
    number = next(index for index, each in enumerate(_WEEKDAYS) if each.startswith(name))
    if which.strip() == "next":  # of the next week, which begins on Monday
        return today + timedelta(days=7 - today.weekday() + number)
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _calendar(day: int, month: int, year: str | None, today: date) -> date:
    """Day and month as contract 6.2 orders them; without a year the next time that there is such a date."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    for candidate in range(today.year, today.year + 9):  # 29/2 may be eight years away
        try:
            if (found := date(candidate, month, day)) >= today:
                return found
        except ValueError:
            continue
    raise ValueError(f"{day}/{month} is in no calendar")


def _not_over(day: _Day, now: datetime) -> _Day | None:
    return day if day.on and day.on >= now.date() else None


def _find_time(text: str, day: _Day | None) -> tuple[time | None, Span | None]:
    if day and day.on and (found := _TIME_AFTER_DAY.match(text, day.span[1])) and (clock := _clock(found)):
        return clock, found.span()
    for found in _TIME_PATTERN.finditer(text):
        if clock := _clock(found):
            return clock, found.span()
    return None, None


def _clock(found: re.Match[str]) -> time | None:
    words = found.groupdict()
    if words["noon"]:
        return time(12)
    try:
        if words["h24"]:
            return time(int(words["h24"]), int(words["m24"]))
        hour = int(words["hour"])
        if not 1 <= hour <= 12:
            return None
        return time(hour % 12 + (12 if words["half"][0] in "pP" else 0), int(words["minute"] or 0))
    except ValueError:
        return None
