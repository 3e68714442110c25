"""What is asked of an engine follows from how it stores images."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import docker
from cluster.progress import Progress


@pytest.mark.parametrize(
    ("driver", "saved"),
    [
        pytest.param("[[Backing Filesystem extfs]]", "save --output a.tar redis:8", id="the engine's own store"),
        pytest.param(
            "[[driver-type io.containerd.snapshotter.v1]]",
            "save --platform linux/arm64 --output a.tar redis:8",
            id="containerd's store",
        ),
    ],
)
def test_an_archive_holds_this_machine_s_platform(
    tmp_path: Path, play: Callable[[str, str], Path], driver: str, saved: str
) -> None:
    play(
        "docker",
        f'case "$1" in info) echo "{driver}" ;; version) echo linux/arm64 ;; save) echo "$@" > "$PLAYED/saved" ;; esac',
    )
    docker.save(Progress(tmp_path), Path("a.tar"), ["redis:8"])
    assert (tmp_path / "played" / "saved").read_text().strip() == saved
