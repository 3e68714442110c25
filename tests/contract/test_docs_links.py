"""Pages lead where they say: links, files, tests and images of the documentation exist."""

from pathlib import Path

import pytest

from pages import PAGES, READMES, anchors, links, missing_paths, missing_tests
from usecases import ROOT

DOCS = ROOT / "docs"
WITHOUT_A_DOOR = {"README.md"}
"""Pages of docs/ that nobody has to link to: the map itself."""


def broken(page: Path) -> list[str]:
    found = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        if not aim.exists() or (anchor and anchor not in anchors(aim)):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_named_test_and_file_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert missing_tests(text) + missing_paths(text) == []


def test_every_page_of_the_house_has_a_door() -> None:
    """From the map one gets to each page, directly or over pages on the way."""
    seen, ahead = set[Path](), [DOCS / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = [(page.parent / target.partition("#")[0]).resolve() for target in links(page)]
        ahead += [aim for aim in targets if aim.suffix == ".md" and aim.is_file()]
        ahead += [each for aim in targets if aim.is_dir() for each in aim.glob("*.md")]

    pages = {path for path in DOCS.rglob("*.md") if path.name not in WITHOUT_A_DOOR}
    assert {str(path.relative_to(ROOT)) for path in pages - seen} == set()


def test_the_readmes_are_looked_at() -> None:
    assert {"README.md", "services/README.md", "tests/README.md"} <= {str(path.relative_to(ROOT)) for path in READMES}
