"""What `make up` says in the end can be typed as it stands: programs that were built are put on PATH first."""

from pathlib import Path

import pytest

from cluster import welcome
from cluster.kind import Tools


def program(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    made = folder / name
    made.touch(mode=0o755)
    return made


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Each in a folder of its own, as they are built."""
    kind, kubectl, helm = (program(tmp_path / name, name) for name in ("kind", "kubectl", "helm"))
    return Tools(kind, kubectl, helm)


def test_programs_of_ones_own_need_no_line(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tools.helm.parent}:{tools.kubectl.parent}")
    assert welcome.path(tools) == ""


def test_programs_that_were_built_go_before_all_others(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin")
    assert welcome.path(tools) == f'export PATH="{tools.kubectl.parent}:{tools.helm.parent}:$PATH"'


def test_an_old_program_of_ones_own_does_not_hide_the_one_that_fits(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "old", "kubectl")
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{tools.helm.parent}")
    assert welcome.path(tools) == f'export PATH="{tools.kubectl.parent}:$PATH"'
