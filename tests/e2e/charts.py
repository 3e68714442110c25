"""Both charts on the cluster as tests install them: an operator that serves one namespace, and the stack in it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster import stack
from cluster.fixtures import Cluster

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def restrict(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("label", "namespace", namespace, "--overwrite", RESTRICTED)


@dataclass(frozen=True)
class Release:
    """One chart in one namespace."""

    cluster: Cluster
    name: str
    namespace: str
    chart: Path

    def install(self, values: dict[str, Any], *flags: str) -> str:
        """`helm upgrade --install --wait`; ClusterError with what Helm says where it fails."""
        given = ("--set-json", json.dumps(values), "--wait", "--timeout", "4m")
        return self.helm("upgrade", "--install", str(self.chart), *given, *flags)

    def uninstall(self, *flags: str) -> str:
        return self.helm("uninstall", "--wait", "--timeout", "4m", *flags)

    def helm(self, *words: str) -> str:
        """A command of Helm; the name of the release goes behind it."""
        at = 2 if words[:2] == ("upgrade", "--install") else 1
        return self.cluster.helm(*words[:at], self.name, *words[at:], "--namespace", self.namespace)

    def kubectl(self, *words: str) -> str:
        return self.cluster.kubectl("--namespace", self.namespace, *words)


def operator(cluster: Cluster, namespace: str) -> Release:
    return Release(cluster, "operator", namespace, stack.OPERATOR_CHART)


def operator_values(cluster: Cluster, *namespaces: str) -> dict[str, Any]:
    return {"image": stack.image(cluster.references["operator"]), "watchNamespaces": list(namespaces)}


def tasks(cluster: Cluster, namespace: str) -> Release:
    return Release(cluster, "tasks", namespace, stack.CHART)


def tasks_values(release: Release) -> dict[str, Any]:
    """As `make up` has them, but for the node port, which there is one of."""
    values = stack.stack_values(release.cluster.references)
    del values["api"]["expose"]
    values["operator"]["namespace"] = home_of(release.namespace)
    return values


def home_of(namespace: str) -> str:
    """The namespace of the operator that serves *namespace*."""
    return f"{namespace}-operator"


# The definition may be there already, by `make up` or by another test.
TAKE = ("--take-ownership", "--force-conflicts")
