"""promtool is taken out of Debian's package whole, or not at all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import promtool
from cluster.errors import ClusterError
from cluster.progress import Progress

UNPACK = """
mkdir -p "$3/usr/bin"
echo '#!/bin/sh' > "$3/usr/bin/promtool"
chmod +x "$3/usr/bin/promtool"
"""


@pytest.fixture(autouse=True)
def a_debian_without_promtool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMTOOL", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "promtool" else name)
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_the_lists_of_packages_are_refreshed_first(tmp_path: Path, play: Callable[[str, str], Path]) -> None:
    play("apt-get", 'echo "$*" >> "$PLAYED/calls"; case "$*" in download*) : > prometheus_1_amd64.deb;; esac')
    play("dpkg-deb", UNPACK)
    kept = promtool.ensure(Progress(tmp_path), tmp_path)
    assert kept == promtool.place(tmp_path)
    assert kept.exists()
    calls = (tmp_path / "played" / "calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["update", "prometheus"]


def test_one_that_could_not_be_unpacked_is_not_kept(tmp_path: Path, play: Callable[[str, str], Path]) -> None:
    play("apt-get", 'case "$*" in download*) : > prometheus_1_amd64.deb;; esac')
    play("dpkg-deb", "exit 1")
    with pytest.raises(ClusterError):
        promtool.ensure(Progress(tmp_path), tmp_path)
    assert not promtool.place(tmp_path).exists()
