"""`make clean` against the engine: images that stand on each other go, one that a container uses stays and is named."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import docker, engine
from cluster import settings as environment
from cluster.errors import ClusterError
from cluster.progress import Progress

MINE = f"usecase.test/clean-{os.getpid()}"
LABEL = f"dev.usecase.test={os.getpid()}"
STOREYS = 4


def asked(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    engine.ensure(Progress(tmp_path), environment.read().cache)
    return Progress(tmp_path)


@pytest.fixture
def tower(progress: Progress, tmp_path: Path) -> Iterator[list[str]]:
    """Images of which each is built on the one before; the engine names them by hashes, in no order."""
    subprocess.run(["tar", "--create", "--file", "empty.tar", "--files-from", "/dev/null"], cwd=tmp_path, check=True)
    names = [f"{MINE}:{number}" for number in range(STOREYS)]
    asked("import", "--change", f"LABEL {LABEL}", str(tmp_path / "empty.tar"), names[0])
    for below, name in itertools.pairwise(names):
        (tmp_path / "Dockerfile").write_text(f"FROM {below}\nENV NAME={name}\n")
        docker.build(progress, name, tmp_path, tmp_path / "Dockerfile")
    yield names
    docker.remove(progress, f"reference={MINE}")


def test_images_that_stand_on_each_other_are_removed(progress: Progress, tower: list[str]) -> None:
    assert docker.remove(progress, f"label={LABEL}") == []
    assert not any(map(docker.image_exists, tower))


def test_what_a_failed_build_left_holds_nothing_up(progress: Progress, tower: list[str], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {tower[0]}\nENV NAME=unfinished\nRUN false\n")
    with pytest.raises(ClusterError):
        docker.build(progress, f"{MINE}:unfinished", tmp_path, tmp_path / "Dockerfile")
    assert docker.remove(progress, f"reference={MINE}") == []
    assert not docker.image_exists(tower[0])


def test_an_image_that_a_container_uses_stays_and_is_named(progress: Progress, tower: list[str]) -> None:
    mounts = [word for folder in ("/usr", "/lib", "/lib64") for word in ("--volume", f"{folder}:{folder}:ro")]
    container = asked("run", "--detach", *mounts, tower[1], "/usr/bin/sleep", "120")
    try:
        left = docker.remove(progress, f"label={LABEL}")
    finally:
        asked("rm", "--force", container)
    assert left
    assert not docker.image_exists(tower[3])
