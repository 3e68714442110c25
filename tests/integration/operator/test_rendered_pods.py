"""Rendered pods on a real API server: taken in by the strictest Pod Security level, and running."""

import json
from typing import Any

import pytest

from cluster.fixtures import Cluster
from usecase_operator.cli import stand_in
from usecase_operator.metadata import Manifest
from usecase_operator.render import Given, render
from usecases import EXAMPLES, component, example, make_usecase

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@pytest.fixture
def restricted(cluster: Cluster, namespace: str) -> str:
    cluster.kubectl("label", "namespace", namespace, RESTRICTED)
    return namespace


def pod_of(deployment: Manifest) -> dict[str, Any]:
    template = deployment["spec"]["template"]
    # A pod by itself needs an account that is there; admission of a Deployment's pods is the same.
    spec = {**template["spec"], "serviceAccountName": "default"}
    metadata = {**template["metadata"], "name": deployment["metadata"]["name"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("name", EXAMPLES)
def test_pods_of_the_example_are_restricted(cluster: Cluster, restricted: str, name: str) -> None:
    usecase = example(name)
    manifests = render(usecase, stand_in(usecase, keda=False))
    pods = [pod_of(each) for each in manifests if each["kind"] == "Deployment"]
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": pods})

    created = cluster.kubectl(
        "--namespace", restricted, "create", "--dry-run=server", "--output=name", "--filename", "-", input=body
    )
    assert len(created.split()) == len(pods)


def test_a_rendered_component_becomes_ready(cluster: Cluster, restricted: str) -> None:
    """All of it at once: restricted, read-only, probed on the ops port, reached through its Service."""
    usecase = make_usecase(component("web", image=cluster.references["echo"], http={"port": 8080}))
    manifests = [_without_owner(each) for each in render(usecase, Given())]
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})

    cluster.kubectl("--namespace", restricted, "apply", "--server-side", "--filename", "-", input=body)
    cluster.kubectl("--namespace", restricted, "rollout", "status", "deployment/shop-web", "--timeout=120s")

    slices = cluster.get("endpointslices", "--namespace", restricted, "-l", "kubernetes.io/service-name=shop-web")
    [ready] = [each["conditions"]["ready"] for one in slices["items"] for each in one["endpoints"]]
    assert ready


def _without_owner(manifest: Manifest) -> Manifest:
    """There is no UseCase behind this test: the garbage collector would take its objects at once."""
    metadata = {
        key: value for key, value in manifest["metadata"].items() if key not in ("ownerReferences", "namespace")
    }
    return {**manifest, "metadata": metadata}
