"""`make cluster`, killed at any moment, recovers when it is run again. And bad input is one clear line."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.fixtures import Cluster

ROOT = Path(__file__).parents[2]
NAME = "usecase-try"
ONE_NODE = {"CLUSTER": NAME, "WORKERS": "0"}
TRIES = 3
LATEST = 0.8  # of a whole run: one that is a bit quicker than the measured one must still be killed


def make(target: str, **variables: str) -> "subprocess.Popen[str]":
    """`make TARGET` in a process group of its own, so that the whole of it can be killed at once."""
    command = ["make", "--no-print-directory", target, *(f"{key}={value}" for key, value in variables.items())]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finish(process: "subprocess.Popen[str]", timeout: float) -> tuple[int, str]:
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        kill(process)
        raise
    return process.returncode, output


def kill(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def remove() -> None:
    finish(make("cluster-down", CLUSTER=NAME), timeout=120)


@pytest.fixture
def second_cluster() -> Iterator[dict[str, str]]:
    yield ONE_NODE
    remove()


@pytest.fixture(scope="module")
def whole_run(cluster: Cluster) -> float:
    """Seconds from nothing to a second cluster, everything being built."""
    remove()
    started = time.monotonic()
    code, output = finish(make("cluster", **ONE_NODE), timeout=600)
    seconds = time.monotonic() - started
    remove()
    assert code == 0, output
    return seconds


@pytest.mark.soak
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", range(TRIES))
def test_killed_at_a_random_moment_it_ends_ready_the_next_time(
    whole_run: float, second_cluster: dict[str, str], seed: int
) -> None:
    moment = random.Random(seed).uniform(0, LATEST) * whole_run
    first = make("cluster", **second_cluster)
    with pytest.raises(subprocess.TimeoutExpired):  # else it has ended by itself, and nothing is shown
        first.wait(timeout=moment)
    kill(first)
    code, output = finish(make("cluster", **second_cluster), timeout=600)
    assert code == 0, f"killed after {moment:.1f} s, then:\n{output}"
    assert f"cluster {NAME} is ready" in output


def refusal(code: int, output: str) -> str:
    """The one line that says what is wrong; nobody has to find it among others."""
    assert code != 0
    refusals = [line for line in output.splitlines() if line.startswith("✗")]
    assert len(refusals) == 1, output
    assert not [line for line in output.splitlines() if line.startswith("  | ")], output
    return refusals[0]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        pytest.param({"WORKERS": "-1"}, "WORKERS=-1: must be a whole number from 0 to 5", id="negative workers"),
        pytest.param({"KUBERNETES_VERSION": "v1.99.0"}, "KUBERNETES_VERSION=v1.99.0", id="unknown version"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(cluster: Cluster, variables: dict[str, str], says: str) -> None:
    assert says in refusal(*finish(make("cluster", **{"CLUSTER": NAME, **variables}), timeout=120))
    assert NAME not in nodes()


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"WORKERS": "5"}, id="another size"),
        pytest.param({"API_PORT": "8099"}, id="another port"),
        pytest.param({"KUBERNETES_VERSION": "v1.36.0"}, id="another version"),
    ],
)
def test_a_running_cluster_refuses_another_shape(cluster: Cluster, variables: dict[str, str]) -> None:
    asked = {"CLUSTER": cluster.context.removeprefix("kind-"), **variables}
    assert "fixed at creation" in refusal(*finish(make("cluster", **asked), timeout=120))


@pytest.mark.timeout(400)
def test_a_taken_port_is_named_and_blocks_nothing_once_it_is_free(
    cluster: Cluster, second_cluster: dict[str, str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        asked = {**second_cluster, "API_PORT": str(taken.getsockname()[1])}
        line = refusal(*finish(make("cluster", **asked), timeout=120))
    assert f"API_PORT={asked['API_PORT']}: Address already in use" in line
    assert NAME not in nodes()
    code, output = finish(make("cluster", **asked), timeout=300)
    assert code == 0, output


def test_a_full_disk_is_named_before_anything_is_built(cluster: Cluster, tmp_path: Path) -> None:
    """The cache on a file system of eight megabytes."""
    image, folder = tmp_path / "disk", tmp_path / "cache"
    image.write_bytes(b"\0" * (8 << 20))
    folder.mkdir()
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        environment = {"CLUSTER": NAME, "XDG_CACHE_HOME": str(folder)}
        code, output = finish(make("cluster", **environment), timeout=120)
    finally:
        deadline = time.monotonic() + 20
        while subprocess.run(["umount", str(folder)], check=False).returncode and time.monotonic() < deadline:
            time.sleep(0.2)
    line = refusal(code, output)
    assert "GiB free" in line
    assert "XDG_CACHE_HOME" in line


def test_an_engine_that_cannot_be_started_is_named(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket is one where nobody listens, and its program one that ends; the engine that runs is left alone."""
    program = tmp_path / "dockerd"
    program.write_text("#!/bin/sh\necho no device to store images on >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    # A cache of its own, so that the log is this engine's, and no other run is waited for.
    asked = {"DOCKER_HOST": "unix:///run/nobody-listens.sock", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    code, output = finish(make("cluster", CLUSTER=NAME, **asked), timeout=90)
    assert code != 0
    (line,) = [line for line in output.splitlines() if line.startswith("✗")]
    assert line.startswith("✗ the Docker engine was started and ")
    assert " on unix:///run/nobody-listens.sock; its log: " in line


def nodes() -> str:
    listed = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return listed.stdout
