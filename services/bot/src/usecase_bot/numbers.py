"""Task numbers in what people write: behind a command, in a caption, in the message that they reply to. Pure."""

import re

from usecase_contracts.fields import MAX_ID

_ARGUMENT = re.compile(r"\s*#?([0-9]{1,16})\s*")
_NAMED = re.compile(r"#([0-9]{1,16})\b")


def argument(text: str | None) -> int | None:
    """The number that is all of `text`, as in `/done 12` or `/done #12`."""
    return _valid(_ARGUMENT.fullmatch(text or ""))


def named_in(text: str | None) -> int | None:
    """The first `#N` in `text`."""
    return _valid(_NAMED.search(text or ""))


def _valid(found: re.Match[str] | None) -> int | None:
    number = int(found[1]) if found else 0
    return number if 1 <= number <= MAX_ID else None
