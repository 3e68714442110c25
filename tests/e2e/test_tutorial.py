"""The tutorial is true: its commands, run in their order in one shell, do and print what the page says.

A block marked `sh` is run; a block marked `text` right behind one is what it prints, line by line, where `…` stands for
anything. `make up` itself is not run from here: the stack is installed by the same functions.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest

from cluster import bringup, stack, welcome
from cluster.fixtures import Cluster
from cluster.kind import Kind
from usecases import ROOT

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INSTALL = "make up\n"
END = "\x1e"
"""Printed by the shell behind each block: a character that no command prints."""
SECONDS = 420


def steps() -> list[tuple[str, str]]:
    """(commands, what they print) of each block; empty where the page shows nothing."""
    blocks: list[tuple[str, str]] = [*BLOCK.findall(PAGE), ("", "")]
    shown = [
        (text, after if kind == "text" else "") for (mark, text), (kind, after) in pairwise(blocks) if mark == "sh"
    ]
    return [(commands, output) for commands, output in shown if commands != INSTALL]


def unlike(printed: str, shown: str) -> str:
    """The first line of *shown* that *printed* does not have behind the lines before it; empty if all are there.

    How wide a column is depends on all that stands in it: any spaces are as good as any others.
    """
    lines = (" ".join(line.split()) for line in printed.splitlines())
    for wanted in shown.splitlines():
        pattern = re.compile(".*".join(re.escape(part) for part in re.split(r" ?… ?", " ".join(wanted.split()))))
        if wanted.strip() != "…" and not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return ""


def run(script: str, env: Mapping[str, str]) -> tuple[str, str, str]:
    """How the shell ended, and all that it printed until then; one that takes too long is ended."""
    command = ["bash", "-euo", "pipefail", "-c", script]
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        return f"no end within {SECONDS} s", words(late.stdout), words(late.stderr)
    return f"exit code {done.returncode}", done.stdout, done.stderr


def words(printed: str | bytes | None) -> str:
    """Of a shell that was ended they are bytes, whatever was asked for."""
    return printed.decode(errors="replace") if isinstance(printed, bytes) else printed or ""


@pytest.fixture
def kind(cluster: Cluster) -> Iterator[Kind]:
    """The stack as `make up` leaves it; nothing of an earlier run of the tutorial, nor of this one."""
    kind, own = bringup.running(), ("--namespace", "default", "uc", "tutorial", "--ignore-not-found", "--timeout=90s")
    stack.up(kind, cluster.references)
    welcome.check(kind)
    cluster.kubectl("delete", *own)
    try:
        yield kind
    finally:
        cluster.kubectl("delete", *own)


@pytest.mark.timeout(900)
def test_the_tutorial_does_what_it_says(kind: Kind) -> None:
    port = {"API_PORT": str(kind.settings.api_port)} if kind.settings.api_port else {}
    script = "\n".join(f"{commands}printf '{END}'" for commands, _ in steps())
    ended, output, errors = run(script, {**os.environ, **port})
    printed = output.split(END)
    wrong = [
        f"{commands}printed\n{said}without\n{missing}"
        for (commands, shown), said in zip(steps(), printed, strict=False)
        if (missing := unlike(said, shown))
    ]

    reached = [*steps(), ("the end\n", "")][len(printed) - 1][0]
    assert ended == "exit code 0", f"{ended} at\n{reached}{printed[-1]}\n{errors[-3000:]}"
    assert wrong == []


def test_most_blocks_of_the_page_show_what_they_print() -> None:
    assert len([commands for commands, shown in steps() if shown]) > 10


def test_a_line_that_is_missing_is_found() -> None:
    assert unlike("a\nb 12 c\nd\n", "a\nb … c\n…\nd\n") == ""
    assert unlike("a    b\n1    12345\n", "a   b\n1   …\n") == ""
    assert unlike("a\nd\n", "a\nb\n") == "b"
    assert unlike("d\na\n", "a\nd\n") == "d"
