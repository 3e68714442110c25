"""A failed step shows the end of its log and names the file that has the rest."""

from pathlib import Path

import pytest

from cluster.errors import ClusterError
from cluster.progress import Progress, measured


def test_a_command_answers_with_its_standard_output(tmp_path: Path) -> None:
    assert Progress(tmp_path).run(["sh", "-c", "echo out; echo err >&2"]) == "out\n"


def test_a_failure_prints_the_end_of_the_log_and_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = Progress(tmp_path)
    with pytest.raises(ClusterError, match="exit code 3") as failed, progress.step("dig a hole", "1 s"):
        progress.run(["sh", "-c", "seq 100 >&2; exit 3"])
    shown = capsys.readouterr()
    assert "▸ dig a hole (usually 1 s)" in shown.out
    assert [line.removeprefix("  | ") for line in shown.err.split("\n")[:15]] == [str(n) for n in range(86, 101)]
    log = tmp_path / "logs" / "dig-a-hole.log"
    assert str(log) in str(failed.value)
    assert "1\n2\n" in log.read_text()


def test_what_is_shown_is_the_command_s_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(tmp_path)
    progress.run(["echo", "of the command before"])
    with pytest.raises(ClusterError):
        progress.run(["sh", "-c", "echo its own >&2; false"])
    assert capsys.readouterr().err.splitlines()[1:] == ["  | its own"]


def test_a_failure_that_is_an_answer_shows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ClusterError, match="exit code 3"):
        Progress(tmp_path).run(["sh", "-c", "echo not yet >&2; exit 3"], quiet=True)
    assert capsys.readouterr().err == ""
    assert "not yet" in (tmp_path / "logs" / "other.log").read_text()


def test_a_full_disk_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="the disk is full"):
        Progress(tmp_path).run(["sh", "-c", "echo 'write: No space left on device' >&2; exit 1"])


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no-such-program is not on PATH"):
        Progress(tmp_path).run(["no-such-program"])


def test_times_of_finished_steps_are_kept_and_those_of_failed_ones_are_not(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    with progress.step("first", "1 s"):
        pass
    with pytest.raises(ClusterError), progress.step("second", "1 s"):
        progress.run(["false"])
    assert [step for step, _, _ in measured(progress.times)] == ["first"]
