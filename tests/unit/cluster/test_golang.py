"""Whether a release exists is the module proxy's to say; that nobody could be asked is another answer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import golang
from cluster.errors import ClusterError
from cluster.golang import Go
from cluster.pins import Program
from cluster.progress import Progress


def go(cache: Path) -> Go:
    return Go(Progress(cache), cache, registry=False)


def answer(error: str) -> str:
    return f"""echo '{{"Path": "k8s.io/kubernetes", "Error": {{"Err": "{error}"}}}}'"""


@pytest.mark.parametrize(
    "error",
    [
        "k8s.io/kubernetes@v1.99.0: reading https://proxy.example/@v/v1.99.0.info: 404 Not Found",
        "k8s.io/kubernetes@v1.99.0: reading https://proxy.example/@v/v1.99.0.info: 403 Forbidden",
        "k8s.io/kubernetes@v1.99.0: invalid version: unknown revision v1.99.0",
    ],
)
def test_a_version_that_the_proxy_has_not_is_not_released(
    tmp_path: Path, play: Callable[[str, str], Path], capsys: pytest.CaptureFixture[str], error: str
) -> None:
    play("go", answer(error))
    assert not go(tmp_path).released("k8s.io/kubernetes", "v1.99.0")
    assert capsys.readouterr().err == ""


def test_a_version_that_it_has_is_released(tmp_path: Path, play: Callable[[str, str], Path]) -> None:
    play("go", """echo '{"Path": "k8s.io/kubernetes", "Version": "v1.37.2"}'""")
    assert go(tmp_path).released("k8s.io/kubernetes", "v1.37.2")


def test_a_proxy_that_does_not_answer_is_not_a_version_that_is_missing(
    tmp_path: Path, play: Callable[[str, str], Path]
) -> None:
    play("go", answer("Get https://proxy.example/: dial tcp 127.0.0.1:9: connect: connection refused"))
    with pytest.raises(ClusterError, match="connection refused"):
        go(tmp_path).released("k8s.io/kubernetes", "v1.37.2")


def test_a_missing_go_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="go is not on PATH and no image registry answers"):
        go(tmp_path).released("k8s.io/kubernetes", "v1.37.2")


def test_a_program_of_ours_is_built_from_the_modules_packages(
    tmp_path: Path, play: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    monkeypatch.setattr(golang, "IMAGES", tmp_path / "images")
    (tmp_path / "images" / "main.go").write_text("package main\n")
    play(
        "go",
        f"""case "$1 $2" in
            "mod download") echo '{{"Dir": "{tmp_path}"}}' ;;
            "mod edit") echo '{{"Go": "1.26"}}' ;;
            build*) echo "$@" > {tmp_path}/asked; while [ "$1" != -o ]; do shift; done; cp main.go "$2" ;;
        esac""",
    )
    program = Program("dns", "example.org/dns", "v1.0.0", ("",), "1 s", wrapped=True, main="main.go")
    (first,) = go(tmp_path).programs(program).values()
    assert first.read_text() == "package main\n"
    assert (tmp_path / "asked").read_text().split()[-1] == "."
    (tmp_path / "images" / "main.go").write_text("package main // changed\n")
    (second,) = go(tmp_path).programs(program).values()
    assert (second.name, second.read_text()) == ("dns", "package main // changed\n")
    assert second != first
