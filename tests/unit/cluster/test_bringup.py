"""Commands look before they build: what can't be done is said within a moment."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import bringup
from cluster.errors import ClusterError


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, play: Callable[[str, str], Path]) -> None:
    """An engine that runs and holds nothing; no cluster, and nothing built."""
    play("docker", 'case "$1" in info | ps | images) ;; *) exit 1 ;; esac')
    play("go", 'echo go "$@" >> "$PLAYED/built"; exit 1')
    monkeypatch.setenv("CLUSTER", "usecase-try")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Would list what was asked of Go."""
    return tmp_path / "played" / "built"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        pytest.param(bringup.down, "no cluster usecase-try; nothing to delete", id="cluster-down"),
        pytest.param(bringup.stack_down, "no cluster usecase-try runs; nothing to take off", id="down"),
        pytest.param(bringup.status, "cluster usecase-try: not there (make cluster)", id="status"),
    ],
)
def test_without_a_cluster_there_is_nothing_to_do(
    command: Callable[[], None], says: str, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    assert says in capsys.readouterr().out
    assert not built.exists()


@pytest.mark.parametrize("command", [bringup.keda, bringup.kwok, bringup.backends, bringup.stack_up])
def test_what_needs_a_cluster_says_how_to_get_one(command: Callable[[], None], built: Path) -> None:
    with pytest.raises(ClusterError, match=r"^no cluster usecase-try: run `make cluster` first$"):
        command()
    assert not built.exists()


def test_a_taken_port_is_said_before_anything_is_built(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("API_PORT", port)
        with pytest.raises(ClusterError, match=f"^API_PORT={port}: Address already in use"):
            bringup.up()
    assert not built.exists()


@pytest.mark.parametrize(
    ("variable", "value"), [("KUBERNETES_VERSION", "v1.99.0"), ("NODE_IMAGE", "kindest/base:none")]
)
def test_an_image_that_can_t_be_pulled_names_the_variable_that_asked_for_it(
    play: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    variable: str,
    value: str,
) -> None:
    play("docker", 'case "$*" in info | ps* | *busybox*) ;; *) exit 1 ;; esac')
    for tool, version in {"kind": "kind v0.33.0", "kubectl": "v1.99.0", "helm": "v4.3.1"}.items():
        play(tool, f"echo {version}")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ClusterError, match=f"^{variable}={value}: .* can't be pulled"):
        bringup.up()
    assert capfd.readouterr().err == ""
