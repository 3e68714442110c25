"""Rules of the house that no linter knows."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "charts", "operator", "services", "crds", "tests", "docs", "requirements", ".ci",
    "Makefile", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".gitignore",
}  # fmt: skip


def tracked() -> list[str]:
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_the_top_level_is_what_the_user_named_and_the_usual_small_files() -> None:
    assert {path.split("/")[0] for path in tracked()} == TOP_LEVEL


def test_operator_is_a_distribution_folder_that_does_not_shadow_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_every_room_says_what_lives_in_it() -> None:
    rooms = ["charts", "crds", "docs", "operator", "requirements", "services", "tests"]
    assert [room for room in rooms if not (ROOT / room / "README.md").is_file()] == []


def test_pinned_requirements_name_no_host() -> None:
    lists = [*ROOT.glob("requirements/*.txt"), *ROOT.glob("tests/cluster/images/*/requirements.txt")]
    assert len(lists) >= 8
    for path in lists:
        text = path.read_text()
        assert "://" not in text, path
        assert "--hash=sha256:" in text, path


def test_no_lock_file_that_names_hosts_is_committed() -> None:
    names = {path.rsplit("/", 1)[-1] for path in tracked()}
    assert not names & {"uv.lock", "poetry.lock", "pylock.toml", "package-lock.json"}


def test_ci_runs_the_readme_s_one_test_command() -> None:
    commands = [line for line in (ROOT / ".ci/run").read_text().splitlines() if "make " in line]
    assert commands == ["exec make test"]
    readme = (ROOT / "README.md").read_text()
    assert "make up" in readme
    assert "make test" in readme


def test_every_make_target_is_explained_by_make_itself() -> None:
    phony = {
        name
        for line in (ROOT / "Makefile").read_text().splitlines()
        if line.startswith(".PHONY:")
        for name in line.split()[1:]
    }
    printed = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    assert phony - {"help"} == {line.split()[0] for line in printed.splitlines() if line.startswith("  ")}
