"""The API server itself reads all that the charts render, in every mode, and all that the operator renders of examples.

Kinds of add-ons that a cluster need not have (KEDA, the Prometheus operator) are left to
`unit/charts/test_kubeconform.py`.
"""

import json
import subprocess
from typing import Any

import pytest
import yaml

import chart_modes
from cluster import stack
from cluster.fixtures import Cluster
from goldens import FOLDER, without_node_ports

ADDONS = ("keda.sh/", "monitoring.coreos.com/")


def accepted(cluster: Cluster, namespace: str, manifests: list[dict[str, Any]]) -> None:
    """Raises with what the API server says; nothing is stored, unknown fields are errors."""
    known = [each for each in manifests if each and not each["apiVersion"].startswith(ADDONS)]
    assert known
    without_node_ports(known)
    for each in known:
        if each["metadata"].get("namespace"):
            each["metadata"]["namespace"] = namespace
        each["metadata"].pop("ownerReferences", None)
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": known})
    words = ("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "--filename", "-")
    cluster.kubectl("--namespace", namespace, *words, input=body)


def rendered(cluster: Cluster, chart: Any, values: dict[str, Any]) -> list[dict[str, Any]]:
    command = [str(cluster.helm_path), "template", "demo", str(chart), "--set-json", json.dumps(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("mode", chart_modes.STACK)
def test_the_stack_is_accepted_in_every_mode(cluster: Cluster, namespace: str, mode: str) -> None:
    accepted(cluster, namespace, rendered(cluster, stack.CHART, chart_modes.STACK[mode]))


@pytest.mark.parametrize("mode", chart_modes.OPERATOR)
def test_the_operator_is_accepted_in_every_mode(cluster: Cluster, namespace: str, mode: str) -> None:
    objects = rendered(cluster, stack.OPERATOR_CHART, chart_modes.OPERATOR[mode])
    # Nothing is made by a dry run, and a pod is taken in only where its account is.
    for name in {each["spec"].get("serviceAccountName", "default") for each in objects if each["kind"] == "Pod"}:
        if name != "default":
            cluster.kubectl("--namespace", namespace, "create", "serviceaccount", name)
    accepted(cluster, namespace, objects)


@pytest.mark.parametrize("example", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_what_the_operator_renders_of_an_example_is_accepted(cluster: Cluster, namespace: str, example: str) -> None:
    accepted(cluster, namespace, list(yaml.safe_load_all((FOLDER / f"{example}.yaml").read_text())))
