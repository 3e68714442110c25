"""What the pages of the documentation claim, for the tests that hold it against the repository.

A link is `[text](target)`; a test is named as `tests/…/test_x.py::test_y`; a file as a path in code marks that begins
with one of the repository's folders.
"""

import ast
import re
from functools import cache
from pathlib import Path

from usecases import ROOT

READMES = sorted({ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("*/README.md")})
PAGES = [*READMES, *sorted(path for path in (ROOT / "docs").rglob("*.md") if path not in READMES)]

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
NAMED_TEST = re.compile(r"\b(tests/[\w/.-]+\.py)::(\w+)")
NAMED_PATH = re.compile(r"`((?:operator|services|tests|charts|crds|docs|requirements)/[\w./-]+)`")
ONLY_LOCAL = {"services/.env"}
"""Files that a person makes and git ignores."""


def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """Targets of the relative links of a page."""
    found = LINK.findall(CODE.sub("", prose(path)))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(path: Path) -> set[str]:
    """What can stand after `#` in a link to a page, by the rule of GitHub."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(path), flags=re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {slug if number == 0 else f"{slug}-{number}" for slug, last in found.items() for number in range(last + 1)}


def named_tests(text: str) -> list[tuple[str, str]]:
    """(file, name of a test) for each that a text names."""
    return NAMED_TEST.findall(text)


@cache
def tests_of(file: str) -> frozenset[str]:
    """Names of the tests in a file, those inside classes too; none where there is no such file."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, functions) and node.name.startswith("test_")
    )


def missing_tests(text: str) -> list[str]:
    """Tests that a text names and that are not there."""
    return [f"{file}::{name}" for file, name in named_tests(text) if name not in tests_of(file)]


def missing_paths(text: str) -> list[str]:
    """Files and folders that a text names and that are not there."""
    return [path for path in NAMED_PATH.findall(text) if path not in ONLY_LOCAL and not (ROOT / path).exists()]


def table(text: str, heading: str) -> list[list[str]]:
    """Rows of the first table under a heading, cells stripped, without the head."""
    section = text.partition(f"{heading}\n")[2]
    found: list[list[str]] = []
    for line in section.splitlines():
        if line.startswith("|"):
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif found:
            break
    return found[2:]


def in_code(cell: str) -> list[str]:
    """The words of a cell that stand in code marks."""
    return re.findall(r"`([^`]+)`", cell)
