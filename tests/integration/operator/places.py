"""Namespaces for operators under test: where one lives, and where it works with the least rights."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

from cluster.fixtures import Cluster
from integration.operator.rights import ACCOUNT, LEASES, RULES, SECRETS, role

CRD = Path(__file__).parents[3] / "crds" / "usecase.yaml"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


@contextlib.contextmanager
def home_of_operator(cluster: Cluster) -> Iterator[str]:
    """A namespace with the operator's account and the right to its Lease; the CRD is there, and no other operator."""
    with _alone(cluster), plain_namespace(cluster, "home") as name:
        cluster.kubectl("--namespace", name, "create", "serviceaccount", ACCOUNT)
        cluster.apply(*role(name, "operator-leases", LEASES, name), namespace=name)
        # A chart that was installed before owns the definition, and may have been of another version.
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(CRD))
        cluster.kubectl("wait", "--for=condition=Established", "crd/usecases.usecase.dev", "--timeout=30s")
        yield name


@contextlib.contextmanager
def _alone(cluster: Cluster) -> Iterator[None]:
    """An operator that `make up` has installed serves every namespace: it rests meanwhile, since two would fight."""
    label = ("--selector", "app.kubernetes.io/name=usecase-operator")
    found = [
        (each["metadata"]["namespace"], each["metadata"]["name"], each["spec"]["replicas"])
        for each in cluster.get("deployments", "--all-namespaces", *label)["items"]
    ]
    for namespace, name, _ in found:
        cluster.kubectl("--namespace", namespace, "scale", f"deployment/{name}", "--replicas=0")
    try:
        yield
    finally:
        for namespace, name, replicas in found:
            cluster.kubectl("--namespace", namespace, "scale", f"deployment/{name}", f"--replicas={replicas}")


@contextlib.contextmanager
def served_namespace(cluster: Cluster, home: str, purpose: str, *, secrets: bool = True) -> Iterator[str]:
    """A namespace with restricted pods that the operator of *home* serves, with the right to its Secrets or without."""
    with plain_namespace(cluster, purpose) as name:
        cluster.kubectl("label", "namespace", name, RESTRICTED)
        rights = [*role(name, "operator", RULES, home), *(role(name, "secrets", SECRETS, home) if secrets else ())]
        cluster.apply(*rights, namespace=name)
        yield name


@contextlib.contextmanager
def plain_namespace(cluster: Cluster, purpose: str) -> Iterator[str]:
    """A namespace with no right for anybody; a test may delete it."""
    name = f"op-{purpose}-{uuid.uuid4().hex[:5]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
