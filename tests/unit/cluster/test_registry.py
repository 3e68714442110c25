"""One probe serves the commands of some minutes, whatever it found; without an engine nothing was found out."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import registry

Played = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def asked_anew() -> bool:
    """By another command."""
    registry.answers.cache_clear()
    return registry.answers()


def probes(folder: Path) -> int:
    listed = folder / "played" / "pulls"
    return len(listed.read_text().splitlines()) if listed.exists() else 0


def engine(play: Played, *, pulls: str, runs: str = "true") -> None:
    play("docker", f'case "$1" in pull) echo >> "$PLAYED/pulls"; {pulls} ;; info) {runs} ;; esac')


@pytest.mark.parametrize("pulls", ["true", "false"])
def test_the_next_command_does_not_ask_again(tmp_path: Path, play: Played, pulls: str) -> None:
    engine(play, pulls=pulls)
    assert asked_anew() is asked_anew() is (pulls == "true")
    assert probes(tmp_path) == 1


def test_after_some_minutes_it_is_asked_again(tmp_path: Path, play: Played) -> None:
    engine(play, pulls="false")
    assert not asked_anew()
    engine(play, pulls="true")
    os.utime(tmp_path / "usecase" / "registry", (0, 0))
    assert asked_anew()


def test_that_there_was_no_engine_says_nothing_of_the_registry(tmp_path: Path, play: Played) -> None:
    engine(play, pulls="false", runs="false")
    assert not asked_anew()
    engine(play, pulls="true")
    assert asked_anew()
