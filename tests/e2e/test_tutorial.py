"""The tutorial is true: its commands, run in their order in one shell, do and print what the page says.

A block marked `sh` is run; a block marked `text` right behind one is what it prints, line by line, where `…` stands for
anything. `make up` itself is not run from here: the stack is installed by the same functions.
"""

import os
import re
import subprocess
from itertools import pairwise

import pytest

from cluster import bringup, stack, welcome
from cluster.fixtures import Cluster
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
    """The first line of *shown* that *printed* does not have behind the lines before it; empty if all are there."""
    lines = iter(printed.splitlines())
    for wanted in shown.splitlines():
        pattern = re.compile(".*".join(re.escape(part) for part in re.split(r" *… *", wanted.strip())))
        if wanted.strip() != "…" and not any(pattern.fullmatch(line.strip()) for line in lines):
            return wanted
    return ""


@pytest.mark.timeout(900)
def test_the_tutorial_does_what_it_says(cluster: Cluster) -> None:
    kind = bringup.running()
    stack.up(kind, cluster.references)
    welcome.check(kind)
    path = os.pathsep.join([str(cluster.kubectl_path.parent), os.environ["PATH"]])
    port = {"API_PORT": str(kind.settings.api_port)} if kind.settings.api_port else {}
    script = "\n".join(f"{commands}printf '{END}'" for commands, _ in steps())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT, env={**os.environ, **port, "PATH": path},
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    printed = done.stdout.split(END)
    wrong = [
        f"{commands}printed\n{said}without\n{missing}"
        for (commands, shown), said in zip(steps(), printed, strict=False)
        if (missing := unlike(said, shown))
    ]

    assert done.returncode == 0, f"{steps()[len(printed) - 1][0]}\n{printed[-1]}\n{done.stderr[-3000:]}"
    assert wrong == []


def test_most_blocks_of_the_page_show_what_they_print() -> None:
    assert len([commands for commands, shown in steps() if shown]) > 10


def test_a_line_that_is_missing_is_found() -> None:
    assert unlike("a\nb 12 c\nd\n", "a\nb … c\n…\nd\n") == ""
    assert unlike("a\nd\n", "a\nb\n") == "b"
    assert unlike("d\na\n", "a\nd\n") == "d"
