"""Commands that the pages show print what the page promises."""

import re
from pathlib import Path

import pytest

from pages import PAGES
from usecases import ROOT

LOGS = re.compile(r"kubectl [^`|\n]*\blogs (?:[^`|\n]* )?(?:--selector|-l)\b[^`|\n]*")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_logs_of_a_selector_say_how_many_lines(page: Path) -> None:
    """Of pods that are named by a selector kubectl prints ten lines each, unless told otherwise."""
    assert [command for command in LOGS.findall(page.read_text(encoding="utf-8")) if "--tail" not in command] == []


def test_commands_are_found() -> None:
    assert sum(len(LOGS.findall(page.read_text(encoding="utf-8"))) for page in PAGES) > 10
