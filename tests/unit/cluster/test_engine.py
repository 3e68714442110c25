"""An engine that answers is used as it is; what it needs of the project's cache is put back."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import engine
from cluster.progress import Progress


def test_an_engine_that_runs_gets_back_the_runtime_that_make_clean_took(
    tmp_path: Path, play: Callable[[str, str], Path]
) -> None:
    play("docker", "exit 0")
    runtime = tmp_path / "engine" / "runc-bounded"
    engine.ensure(Progress(tmp_path), tmp_path)
    assert runtime.exists() is engine.bounded()  # where nothing is bounded, nothing is written
    if runtime.exists():
        assert os.access(runtime, os.X_OK)


def test_an_older_copy_of_the_runtime_is_replaced(tmp_path: Path, play: Callable[[str, str], Path]) -> None:
    play("docker", "exit 0")
    runtime = tmp_path / "engine" / "runc-bounded"
    runtime.parent.mkdir()
    runtime.write_text("of an older checkout")
    engine.ensure(Progress(tmp_path), tmp_path)
    assert (runtime.read_bytes() == engine.RUNTIME.read_bytes()) is engine.bounded()


def test_a_host_that_is_no_linux_is_not_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "OWN_STATUS", tmp_path / "status")
    assert engine.bounded() is False


@pytest.mark.parametrize(
    ("known", "installed"),
    [
        pytest.param("exit 100", "docker.io", id="Debian 12: it is part of docker.io"),
        pytest.param("echo Package: docker-cli", "docker.io docker-cli", id="Debian 13: a package of its own"),
    ],
)
def test_the_docker_command_is_installed_with_the_engine(
    tmp_path: Path, play: Callable[[str, str], Path], known: str, installed: str
) -> None:
    play("apt-cache", known)
    play("apt-get", 'echo "$@" >> "$PLAYED/calls"')
    engine.apt_install(Progress(tmp_path), ["docker.io"], where_known=["docker-cli"])
    update, install = (tmp_path / "played" / "calls").read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith(f"--no-install-recommends {installed}")


@pytest.mark.parametrize(("lives", "found"), [(True, True), (False, False)], ids=["it lives", "it is gone"])
def test_an_engine_that_is_slow_is_asked_again_while_it_lives(
    tmp_path: Path, play: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, lives: bool, found: bool
) -> None:
    """The first question gets no answer in time, the second one does."""
    os.mkfifo(tmp_path / "never")
    play("docker", f'[ -e "$PLAYED/asked" ] || {{ : > "$PLAYED/asked"; read line < {tmp_path}/never; }}')
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(engine, "PID_FILE", tmp_path / "docker.pid")
    with subprocess.Popen([play("dockerd", "read line")], stdin=subprocess.PIPE) as daemon:
        (tmp_path / "docker.pid").write_text(str(daemon.pid if lives else 2**22 + 1))
        assert engine.answers() is found
        daemon.communicate()
