"""Values of the charts: what is refused, and that each is known and explained."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from unit.charts.rendered import BACKENDS_ALONE, CHART, OPERATOR, Helm, Manifest

KUBERNETES = re.compile(r"/extra(Env|Volumes|VolumeMounts)/")
"""Values that are handed on as they are: Kubernetes knows their fields."""
PARENTS = "/properties/global"
"""What Helm hands to every chart of a release."""

both = pytest.mark.parametrize("chart", [CHART, OPERATOR], ids=lambda chart: chart.name)


@both
def test_helm_lint_finds_nothing(run_helm: Helm, chart: Path) -> None:
    done = run_helm("lint", "--strict", str(chart))
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param({"rabbitMQ": {"enabled": False}}, "rabbitMQ", id="unknown key"),
        pytest.param({"redis": {"image": {"tagg": "8"}}}, "tagg", id="unknown key, deep"),
        pytest.param({"analyticsWorker": {"scaling": {"mod": "Queue"}}}, "mod", id="unknown key, of a component"),
        pytest.param({"redis": {"image": {"tag": 8}}}, "/redis/image/tag", id="a number as tag"),
        pytest.param({"redis": {"image": {"digest": "latest"}}}, "/redis/image/digest", id="no digest"),
        pytest.param({"redis": {"enabled": "no"}}, "/redis/enabled", id="a word as boolean"),
        pytest.param({"postgres": {"database": "my-db"}}, "/postgres/database", id="a database that needs quotes"),
        pytest.param({"postgres": {"storage": {"size": "big"}}}, "/postgres/storage/size", id="no size"),
        pytest.param({"networkPolicy": {"extraFrom": [{}]}}, "/networkPolicy/extraFrom/0", id="a peer that is all"),
        pytest.param(
            {"networkPolicy": {"extraComponents": ["*"]}}, "/networkPolicy/extraComponents/0", id="no component's name"
        ),
        pytest.param({"rabbitmq": {"extraPlugins": ["shovel]. ["]}}, "/rabbitmq/extraPlugins/0", id="no plugin"),
        pytest.param({"api": {"scaling": {"mode": "Queue"}}}, "/api/scaling/mode", id="an API scaled by a queue"),
        pytest.param({"api": {"expose": {"nodePort": 80}}}, "/api/expose/nodePort", id="no node port"),
        pytest.param(
            {"api": {"expose": {"nodePort": 30080, "ingress": {"host": "a.example"}}}},
            "set nodePort or ingress.host, not both",
            id="exposed twice",
        ),
        pytest.param({"demo": {"botApi": {"enabled": False}}}, "the bot has no token", id="a bot without a token"),
        pytest.param({"redis": {"enabled": False}}, "redis.existingSecret", id="an external store without a Secret"),
        pytest.param(
            {"redis": {"enabled": False, "existingSecret": "mine"}},
            "redis.external.reach",
            id="an external store that is nowhere",
        ),
    ],
)
def test_a_wrong_value_of_the_stack_is_refused_by_name(run_helm: Helm, values: Manifest, named: str) -> None:
    done = run_helm("template", "demo", str(CHART), "--set-json", json.dumps(values))
    assert done.returncode != 0
    assert named in done.stderr


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param({"replica": 3}, "replica", id="unknown key"),
        pytest.param({"crds": {"create": True}}, "create", id="unknown key, deep"),
        pytest.param({"logLevel": "LOUD"}, "/logLevel", id="no log level"),
        pytest.param({"watchNamespaces": ["Apps"]}, "/watchNamespaces/0", id="no namespace"),
        pytest.param({"opsPort": 80}, "/opsPort", id="a port that needs rights"),
        pytest.param(
            {"crds": {"keep": False}, "watchNamespaces": ["tasks"]},
            "crds.keep=false would delete the UseCases of every namespace",
            id="a definition that others need too",
        ),
    ],
)
def test_a_wrong_value_of_the_operator_is_refused_by_name(run_helm: Helm, values: Manifest, named: str) -> None:
    done = run_helm("template", "demo", str(OPERATOR), "--set-json", json.dumps(values))
    assert done.returncode != 0
    assert named in done.stderr


@both
def test_a_parent_chart_may_switch_it_and_have_globals_of_its_own(run_helm: Helm, chart: Path) -> None:
    values = {"enabled": True, "global": {"storageClass": "fast"}}
    assert run_helm("template", "demo", str(chart), "--set-json", json.dumps(values)).returncode == 0


@both
@pytest.mark.parametrize("label", ["app.kubernetes.io/name", "app.kubernetes.io/instance", "helm.sh/chart"])
def test_common_labels_leave_those_alone_that_objects_are_found_by(run_helm: Helm, chart: Path, label: str) -> None:
    done = run_helm("template", "demo", str(chart), "--set-json", json.dumps({"commonLabels": {label: "mine"}}))
    assert done.returncode != 0
    assert label in done.stderr


def test_a_release_name_that_leaves_no_room_for_labels_is_refused(run_helm: Helm) -> None:
    longest = run_helm("template", "a" * 40, str(CHART))
    too_long = run_helm("template", "a" * 41, str(CHART))
    assert longest.returncode == 0
    assert "may have 40: choose a shorter one" in too_long.stderr


@both
def test_every_object_of_the_schema_refuses_unknown_keys(chart: Path) -> None:
    def walk(node: Any, path: str) -> Iterator[str]:
        if isinstance(node, dict):
            open_ = "properties" in node and node.get("additionalProperties") is not False
            if open_ and path != PARENTS and not KUBERNETES.search(path):
                yield path
            for key, value in node.items():
                yield from walk(value, f"{path}/{key}")

    assert list(walk(json.loads((chart / "values.schema.json").read_text()), "")) == []


@both
def test_every_value_is_explained(chart: Path) -> None:
    """By its own line of the README, or by that of what it is a part of."""
    said = {line.split("`")[1] for line in (chart / "README.md").read_text().splitlines() if line.startswith("| `")}

    def unexplained(node: Manifest, path: str) -> Iterator[str]:
        for key, value in node.items():
            if f"{path}{key}" in said:
                continue
            if isinstance(value, dict):
                yield from unexplained(value, f"{path}{key}.")
            else:
                yield f"{path}{key}"

    assert list(unexplained(yaml.safe_load((chart / "values.yaml").read_text()), "")) == []


def notes(run_helm: Helm, chart: Path, values: Manifest) -> str:
    flags = ("--namespace", "apps", "--dry-run=client", "--set-json", json.dumps(values))
    done = run_helm("install", "demo", str(chart), *flags)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("NOTES:\n")[1]


def test_the_notes_of_the_backends_say_what_to_do_next(run_helm: Helm) -> None:
    said = notes(run_helm, CHART, {**BACKENDS_ALONE, "redis": {"enabled": False}})
    assert "kubectl --namespace apps rollout status statefulset/demo-postgres\n" in said
    assert "kubectl --namespace apps get secret demo-mongodb --output jsonpath='{.data.uri}'" in said
    assert "redis" not in said
    assert "usecase" not in said


def test_the_notes_of_the_stack_say_what_to_do_next(run_helm: Helm) -> None:
    said = notes(run_helm, CHART, {})
    assert "kubectl --namespace apps wait usecase/demo --for=condition=Ready --timeout=5m\n" in said
    assert "kubectl --namespace apps port-forward service/demo-api 8000\n" in said
    assert "kubectl --namespace apps port-forward service/demo-bot-api 8081\n" in said
    assert "kubectl --namespace apps scale deployment/demo-analytics-worker --replicas=4\n" in said
    assert "helm test demo --namespace apps --logs\n" in said
    assert "helm uninstall demo --namespace apps --no-hooks\n" in said
    assert "delete pvc,secret --selector app.kubernetes.io/instance=demo" in said
    assert "takes volumes and Secrets too" in notes(run_helm, CHART, {"uninstall": {"keepData": False}})
    assert "bot-api" not in notes(run_helm, CHART, {"bot": {"existingSecret": "telegram"}})
    assert "every node at port 30080" in notes(run_helm, CHART, {"api": {"expose": {"nodePort": 30080}}})


def test_the_notes_of_the_operator_say_what_to_do_next(run_helm: Helm) -> None:
    said = notes(run_helm, OPERATOR, {})
    assert "kubectl --namespace apps rollout status deployment/demo\n" in said
    assert "--clusterrole usecase-operator-secrets --serviceaccount apps:demo\n" in said
    assert "--set operator.namespace=apps,operator.serviceAccount=demo\n" in said
    assert " --namespace task-management --create-namespace --wait" in said
    served = notes(run_helm, OPERATOR, {"watchNamespaces": ["tasks"]})
    assert "clusterrole" not in served
    assert "install task-management ./charts/task-management --namespace tasks --wait" in served
    assert "--set operator.secretsBinding=false\n" in served
