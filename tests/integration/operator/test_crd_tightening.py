"""A rule that is tightened later holds nobody captive: an older object that breaks it can still lose its finalizer.

Tried on a copy of the CRD under a group of its own. The rule is on a leaf, as docs/decisions/0004 asks.
"""

import copy
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.places import CRD


@dataclass(frozen=True)
class Copy:
    """The CRD of *group*, for which nobody runs."""

    cluster: Cluster
    group: str
    crd: dict[str, Any]

    @property
    def resource(self) -> str:
        return f"usecases.{self.group}"

    def apply(self, crd: dict[str, Any]) -> None:
        self.cluster.apply(crd)
        self.cluster.kubectl("wait", "--for=condition=Established", f"crd/{self.resource}", "--timeout=30s")

    def patch(self, namespace: str, body: dict[str, Any]) -> None:
        arguments = ("patch", self.resource, "old", "--type=merge", "-p", json.dumps(body))
        self.cluster.kubectl("--namespace", namespace, *arguments)


@pytest.fixture
def copied(cluster: Cluster) -> Iterator[Copy]:
    crd = yaml.safe_load(CRD.read_text())
    group = f"tightened-{uuid.uuid4().hex[:5]}.test"
    crd["metadata"]["name"] = f"usecases.{group}"
    crd["spec"]["group"] = group
    crd["spec"]["names"] |= {"shortNames": [], "categories": []}
    made = Copy(cluster, group, crd)
    made.apply(crd)
    yield made
    cluster.kubectl("delete", "crd", made.resource, "--timeout=60s")


def test_an_object_that_breaks_a_newer_rule_can_lose_its_finalizer(copied: Copy, namespace: str) -> None:
    component = {
        "name": "web",
        "kind": "API",
        "image": "registry.test/a-long-name:1",
        "http": {"port": 8080},
        "podTemplate": {"spec": {"priorityClassName": "any"}},
    }
    old = {
        "apiVersion": f"{copied.group}/v1alpha1",
        "kind": "UseCase",
        "metadata": {"name": "old", "namespace": namespace, "finalizers": ["usecase.dev/messaging"]},
        "spec": {"components": [component]},
    }
    copied.cluster.apply(old, namespace=namespace)
    tightened = copy.deepcopy(copied.crd)
    schema = tightened["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    items = schema["properties"]["spec"]["properties"]["components"]["items"]
    items["properties"]["image"]["maxLength"] = 5
    copied.apply(tightened)

    def refused() -> bool:
        """The new rule is in force: the old value can't be written anew."""
        renamed = {**component, "image": "registry.test/another-long-name:1"}
        with pytest.raises(ClusterError, match="image"):
            copied.patch(namespace, {"spec": {"components": [renamed]}})
        return True

    eventually(refused, timeout=30, what="the tightened rule")
    copied.patch(namespace, {"metadata": {"annotations": {"still": "writable"}}})
    copied.cluster.kubectl("--namespace", namespace, "delete", copied.resource, "old", "--wait=false")
    copied.patch(namespace, {"metadata": {"finalizers": []}})
    found = copied.cluster.kubectl("--namespace", namespace, "get", copied.resource, "--output", "name")
    assert found == ""
