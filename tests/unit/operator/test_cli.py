"""`python -m usecase_operator render -f`: what would be applied, without a cluster."""

import io
from pathlib import Path

import pytest
import yaml

from usecase_operator.__main__ import main
from usecases import EXAMPLES, ROOT, body, component


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_printed_as_objects(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-f", str(ROOT / "crds" / "examples" / f"{name}.yaml"), "-n", "team-a"]) == 0

    found = list(yaml.safe_load_all(capsys.readouterr().out))
    assert {each["metadata"]["namespace"] for each in found} == {"team-a"}
    assert "Deployment" in {each["kind"] for each in found}


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(yaml.safe_dump(body(component("api")))))

    assert main(["render", "-f", "-"]) == 0
    assert "name: shop-api" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "kinds"), [([], {"ScaledObject"}), (["--without-keda"], set())])
def test_a_cluster_without_keda_can_be_asked_for(
    options: list[str], kinds: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["render", "-f", str(ROOT / "crds" / "examples" / "queue-scaled.yaml"), *options])

    found = {each["kind"] for each in yaml.safe_load_all(capsys.readouterr().out)}
    assert found & {"ScaledObject"} == kinds


CYCLE = [
    component("a", uses=[{"component": "b", "env": "B"}]),
    component("b", uses=[{"component": "a", "env": "A"}]),
]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("kind: Deployment", "kind: UseCase is expected", id="another-kind"),
        pytest.param("{", "while parsing", id="no-yaml"),
        pytest.param(yaml.safe_dump(body(component("api", prot=1))), "components[0].prot: unknown field", id="a-typo"),
        pytest.param(
            yaml.safe_dump(body(component("api", http={"port": "x"}))), "http.port: int is expected", id="a-wrong-type"
        ),
        pytest.param(yaml.safe_dump(body(*CYCLE)), "a → b → a", id="a-circle"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "uc.yaml"
    file.write_text(text)

    assert main(["render", "-f", str(file)]) == 1
    heard = capsys.readouterr()
    assert said in heard.err
    assert heard.out == ""


def test_a_file_that_is_not_there_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "-f", "/nowhere.yaml"]) == 1
    assert "/nowhere.yaml" in capsys.readouterr().err
