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
TRIES = 3


def make(target: str, **variables: str) -> "subprocess.Popen[str]":
    """`make TARGET` in a process group of its own, so that the whole of it can be killed at once."""
    command = ["make", "--no-print-directory", target, *(f"{key}={value}" for key, value in variables.items())]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def finish(process: "subprocess.Popen[str]", timeout: float) -> tuple[int, str]:
    output, _ = process.communicate(timeout=timeout)
    return process.returncode, output


@pytest.fixture
def second_cluster() -> Iterator[dict[str, str]]:
    yield {"CLUSTER": NAME, "WORKERS": "0"}
    finish(make("cluster-down", CLUSTER=NAME), timeout=120)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(TRIES))
def test_killed_at_a_random_moment_it_ends_ready_the_next_time(
    cluster: Cluster, second_cluster: dict[str, str], seed: int
) -> None:
    moment = random.Random(seed).uniform(1, 45)
    first = make("cluster", **second_cluster)
    try:
        first.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    code, output = finish(make("cluster", **second_cluster), timeout=600)
    assert code == 0, f"killed after {moment:.1f} s, then:\n{output}"
    assert f"cluster {NAME} is ready" in output


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        pytest.param({"WORKERS": "-1"}, "WORKERS=-1: must be a whole number from 0 to 5", id="negative workers"),
        pytest.param({"KUBERNETES_VERSION": "v1.99.0"}, "KUBERNETES_VERSION=v1.99.0", id="unknown version"),
        pytest.param(
            {"CLUSTER": "usecase", "WORKERS": "1"}, "fixed at creation", id="another size of a running cluster"
        ),
        pytest.param(
            {"CLUSTER": "usecase", "API_PORT": "8099"}, "fixed at creation", id="another port of a running one"
        ),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(cluster: Cluster, variables: dict[str, str], says: str) -> None:
    code, output = finish(make("cluster", **{"CLUSTER": NAME, **variables}), timeout=120)
    assert code != 0
    refusals = [line for line in output.splitlines() if line.startswith("✗")]
    assert len(refusals) == 1, output
    assert says in refusals[0]
    assert NAME not in nodes()


def test_a_taken_port_is_named_and_leaves_nothing(cluster: Cluster) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, output = finish(make("cluster", CLUSTER=NAME, WORKERS="0", API_PORT=port), timeout=120)
    assert code != 0
    assert f"✗ API_PORT={port}: Address already in use" in output
    assert NAME not in nodes()


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
    assert code != 0
    assert "GiB free" in output
    assert "XDG_CACHE_HOME" in output


def test_an_engine_that_cannot_be_started_is_named(cluster: Cluster) -> None:
    """A socket where nobody listens, beside the engine that runs: a second one refuses to start."""
    code, output = finish(make("cluster", CLUSTER=NAME, DOCKER_HOST="unix:///run/nobody-listens.sock"), timeout=90)
    assert code != 0
    assert "✗ the Docker engine was started and ended at once on unix:///run/nobody-listens.sock" in output
    assert NAME not in nodes()


def nodes() -> str:
    listed = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return listed.stdout
