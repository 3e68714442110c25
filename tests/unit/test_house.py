"""Rules of the house that no linter knows."""

import ast
import io
import subprocess
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    "charts", "operator", "services", "crds", "tests", "docs", "requirements", ".ci",
    "Makefile", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
    ".gitignore", ".dockerignore",
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


def code_lines(source: str) -> int:
    """Lines that a machine reads: neither blank, nor comment, nor docstring."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    read = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in silent
        for line in range(token.start[0], token.end[0] + 1)
    }
    said = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return len(read - said)


def test_a_line_is_counted_when_a_machine_reads_it() -> None:
    source = '"""Says\nmuch."""\n\n# why\nSECONDS = (\n    1,\n)  # also why\n"""Of what."""\n'
    assert code_lines(source) == 3


def test_the_runtime_stays_small_enough_to_be_read_in_one_sitting() -> None:
    modules = (ROOT / "services/shared/runtime/src").rglob("*.py")
    counted = {path.name: code_lines(path.read_text(encoding="utf-8")) for path in modules}
    assert sum(counted.values()) <= 500, counted


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
