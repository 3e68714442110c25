"""Free text → a new task: title, description, priority, due time. Pure; called for every text that is no command.

The rules are the contract's (6.2). All words that mean something are found in the text as it was written and cut out
together, so that none comes back (R25). What is not understood stays in the title; nothing raises.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from usecase_bot.due import Span, find_due
from usecase_contracts.tasks import Priority

LONG_TEXT = 100
TITLE_WORDS = 10
MAX_TITLE = 255
MAX_DESCRIPTION = 2000

_MARKS = (
    (Priority.URGENT, r"urgent|asap", r"!{3,}"),
    (Priority.HIGH, r"high|important", r"(?<!!)!!(?!!)"),
    (Priority.LOW, r"low|later|maybe", None),
)
_LOOSE_ENDS = " \t\r\n,;:-–—"


@dataclass(frozen=True)
class Entry:
    """What a text asks for. `due` is a moment with a zone."""

    title: str
    description: str | None
    priority: Priority
    due: datetime | None


def read(text: str, now: datetime) -> Entry | None:
    """The task that `text` describes; None where there is no text. `now` carries the zone its words are meant in."""
    text = text.replace("\x00", "").strip()
    if not text:
        return None
    priority, marks = _priority(text)
    due, dates = find_due(text, now)
    rest = _without(text, [*marks, *dates])
    title, description = _divided(rest if rest.split() else text)
    return Entry(title, description, priority, due)


def _priority(text: str) -> tuple[Priority, list[Span]]:
    """The most pressing priority that is named, and where all its words stand, `priority` beside them included."""
    for priority, words, signs in _MARKS:
        word = rf"\b(?:priority\s*:?\s*)?\b(?:{words})(?:[\s-]+priority)?\b"
        pattern = rf"{word}|{signs}" if signs else word
        if spans := [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]:
            return priority, spans
    return Priority.MEDIUM, []


def _without(text: str, spans: list[Span]) -> str:
    """`text` with `spans` cut out, and without the punctuation that then stands alone."""
    parts, at = [], 0
    for start, end in sorted(spans):
        parts.append(text[at : max(at, start)])
        at = max(at, end)
    parts.append(text[at:])
    kept = " ".join(part.strip(_LOOSE_ENDS) if part.strip(_LOOSE_ENDS + ".!?") else "" for part in parts)
    return re.sub(r"[ \t]+([,.;:!?])", r"\1", re.sub(r"[ \t]{2,}", " ", kept)).strip(_LOOSE_ENDS)


def _divided(text: str) -> tuple[str, str | None]:
    """Short text is the title; of a long one the first ten words are, and the rest describes."""
    if len(text) <= LONG_TEXT:
        return " ".join(text.split()), None
    words = list(re.finditer(r"\S+", text))
    cut = min(words[min(TITLE_WORDS, len(words)) - 1].end(), MAX_TITLE)
    rest = text[cut:].strip()
    if len(rest) > MAX_DESCRIPTION:
        rest = rest[: MAX_DESCRIPTION - 1] + "…"
    return " ".join(text[:cut].split()), rest or None
