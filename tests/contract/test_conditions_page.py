"""The page about conditions explains every word that a status may say, and no other."""

import re
from typing import get_args

from usecase_operator import reasons
from usecase_operator.status import State
from usecases import ROOT

PAGE = (ROOT / "docs" / "reference" / "conditions.md").read_text(encoding="utf-8")
WORDS = {value for name, value in vars(reasons).items() if name.isupper()}


def explained(heading: str) -> set[str]:
    """First cells of the table under *heading*."""
    section = PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))


def test_every_word_is_explained() -> None:
    assert explained("# Conditions of a UseCase") | explained("## Reasons") == WORDS


def test_every_state_is_explained() -> None:
    assert explained("## States of a component") == set(get_args(State))


def test_words_are_fit_for_a_condition() -> None:
    assert [word for word in WORDS if not re.fullmatch(r"[A-Z][A-Za-z]+", word)] == []
