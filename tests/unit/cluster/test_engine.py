"""An engine that answers is used as it is; what it needs of the project's cache is put back."""

import os
from collections.abc import Callable
from pathlib import Path

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
