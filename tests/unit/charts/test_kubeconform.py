"""Every object that the charts render in any mode, and the operator of any example, is of a kind that has such fields.

Add-ons' kinds too, which the API server of a cluster without them could not judge (`e2e/test_chart_objects.py`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import chart_modes
from cluster import judges, pins, settings
from goldens import FOLDER
from unit.charts import schemas
from unit.charts.rendered import CHART, OPERATOR, Judge, Manifest, Render
from usecases import CRD

Conform = Callable[[list[Manifest]], str]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schema for each kind that a pinned module or this project defines."""
    made, read = tmp_path_factory.mktemp("schemas"), settings.read()
    published = list(judges.openapi(read.cache, read.kubernetes_version))
    assert published, "run `make unit`, which fetches the definitions of kinds"
    for path in published:
        schemas.write(made, schemas.of_openapi(path))
    for path in (*judges.definitions(read.cache), CRD):
        schemas.write(made, schemas.of_definition(path))
    return made


@pytest.fixture(scope="session")
def conform(folder: Path, run_judge: Judge) -> Conform:
    """What kubeconform objects to, a line each; that it knows no schema is an objection too."""

    def conform(manifests: list[Manifest]) -> str:
        done = run_judge(pins.KUBECONFORM, manifests, "-strict", "-schema-location", f"{folder}/{schemas.LOCATION}")
        said = done.stdout + done.stderr
        assert (done.returncode == 0) == (said == "")
        return said

    return conform


@pytest.mark.parametrize("mode", chart_modes.STACK)
def test_the_stack_has_valid_objects_in_every_mode(render: Render, conform: Conform, mode: str) -> None:
    assert conform(render(CHART, chart_modes.STACK[mode])) == ""


@pytest.mark.parametrize("mode", chart_modes.OPERATOR)
def test_the_operator_has_valid_objects_in_every_mode(render: Render, conform: Conform, mode: str) -> None:
    assert conform(render(OPERATOR, chart_modes.OPERATOR[mode])) == ""


@pytest.mark.parametrize("example", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_what_the_operator_renders_of_an_example_is_valid(conform: Conform, example: str) -> None:
    found = list(yaml.safe_load_all((FOLDER / f"{example}.yaml").read_text()))
    assert found
    assert conform(found) == ""


def test_the_kinds_of_add_ons_are_among_them(render: Render) -> None:
    manifests = [
        *render(CHART, chart_modes.STACK["monitored"]),
        *render(OPERATOR, chart_modes.OPERATOR["monitored"]),
        *yaml.safe_load_all((FOLDER / "queue-scaled.yaml").read_text()),
    ]
    addons = {"ScaledObject", "TriggerAuthentication", "PodMonitor", "ServiceMonitor", "PrometheusRule"}
    assert addons <= {each["kind"] for each in manifests}


@pytest.mark.parametrize(
    ("version", "kind", "spec", "said"),
    [
        ("v1", "Service", {"port": 80}, "port"),
        ("keda.sh/v1alpha1", "ScaledObject", {"triggers": 1}, "triggers"),
        ("monitoring.coreos.com/v1", "PodMonitor", {"endpoints": []}, "endpoints"),
        ("usecase.dev/v1alpha1", "UseCase", {"component": []}, "component"),
        ("nobody.example/v1", "Nothing", {}, "could not find schema"),
    ],
)
def test_kubeconform_would_say_so(conform: Conform, version: str, kind: str, spec: Manifest, said: str) -> None:
    wrong: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    assert said in conform([wrong])
