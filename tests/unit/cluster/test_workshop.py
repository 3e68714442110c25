"""What a killed run left half-made goes at the next one's start; what builds go on with stays."""

from pathlib import Path

from cluster import workshop


def test_only_what_one_run_made_for_itself_is_cleared_away(tmp_path: Path) -> None:
    for name in ("context-a1b2", "trixie-x_y/files/proc", "load-9", "kubernetes-v1.37.2", "keda-kustomization"):
        (tmp_path / "build" / name).mkdir(parents=True)
    workshop.clear(tmp_path)
    assert sorted(path.name for path in (tmp_path / "build").iterdir()) == ["keda-kustomization", "kubernetes-v1.37.2"]


def test_a_first_run_finds_nothing_to_clear(tmp_path: Path) -> None:
    workshop.clear(tmp_path / "cache")
    assert workshop.folder(tmp_path / "cache").is_dir()
