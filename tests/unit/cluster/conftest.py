"""Other people's programs, played by shell scripts: what the bring-up makes of their answers."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster import registry

Play = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def a_process_of_its_own() -> Iterator[None]:
    """As for a command: what another test was answered is not remembered."""
    registry.answers.cache_clear()
    yield
    registry.answers.cache_clear()


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """`play("docker", script)` puts that script first on PATH; it finds the scripts' folder in $PLAYED."""
    folder = tmp_path / "played"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PLAYED", str(folder))

    def place(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return place
