"""Whether a release exists is the module proxy's to say; that nobody could be asked is another answer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.errors import ClusterError
from cluster.golang import Go
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
