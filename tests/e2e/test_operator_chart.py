"""charts/usecase-operator on the cluster: from nothing to serving, its rights, its upgrade and its end."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from e2e.charts import TAKE, Release, operator, operator_values, restrict
from usecases import CRD

DEFINITION = "usecases.usecase.dev"


@pytest.fixture
def apps(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A namespace whose UseCases are served."""
    name = f"{namespace}-apps"
    cluster.kubectl("create", "namespace", name)
    restrict(cluster, name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def release(cluster: Cluster, namespace: str) -> Iterator[Release]:
    restrict(cluster, namespace)
    made = operator(cluster, namespace)
    yield made
    made.uninstall("--no-hooks", "--ignore-not-found")


def use_case(image: str) -> dict[str, object]:
    component = {
        "name": "web",
        "kind": "API",
        "image": image,
        "http": {"port": 8000},
        "scaling": {"replicas": 1},
    }
    return {
        "apiVersion": "usecase.dev/v1alpha1",
        "kind": "UseCase",
        "metadata": {"name": "small"},
        "spec": {"components": [component]},
    }


@pytest.mark.timeout(300)
def test_from_nothing_to_a_served_use_case_and_back(cluster: Cluster, release: Release, apps: str) -> None:
    release.install(operator_values(cluster, apps), *TAKE)
    ready = cluster.get("deployment", "operator", "--namespace", release.namespace)["status"]["readyReplicas"]
    assert ready == 2
    assert "leads, ready: True" in release.helm("test", "--logs")

    cluster.apply(use_case(cluster.references["echo"]), namespace=apps)
    cluster.kubectl("--namespace", apps, "wait", "usecase/small", "--for=condition=Ready", "--timeout=60s")

    with pytest.raises(ClusterError, match=f"{apps}/small") as refused:
        release.uninstall()
    assert "helm uninstall --no-hooks" in str(refused.value)
    assert f"helm rollback operator 1 --namespace {release.namespace}" in str(refused.value)
    release.helm("rollback", "1", "--wait")
    cluster.kubectl("--namespace", apps, "wait", "usecase/small", "--for=condition=Ready", "--timeout=10s")

    cluster.kubectl("--namespace", apps, "delete", "usecase", "small", "--timeout=60s")
    release.uninstall()
    assert cluster.get("crd", DEFINITION)["spec"]["names"]["shortNames"] == ["uc"]


@pytest.mark.timeout(300)
def test_an_upgrade_brings_the_new_definition(cluster: Cluster, release: Release, apps: str, tmp_path: Path) -> None:
    values = {**operator_values(cluster, apps), "replicas": 0}
    release.install(values, *TAKE)
    newer = tmp_path / "chart"
    shutil.copytree(release.chart, newer)
    file = newer / "files" / "usecase.yaml"
    file.write_text(file.read_text().replace("categories: [all, usecases]", "categories: [all, usecases, newer]"))
    try:
        # On this cluster, tests have applied the definition with kubectl too: it shares the fields with Helm.
        Release(cluster, release.name, release.namespace, newer).install(values, "--force-conflicts")
        assert "newer" in cluster.get("crd", DEFINITION)["spec"]["names"]["categories"]
    finally:
        release.install(values, "--force-conflicts")
    expected = yaml.safe_load(CRD.read_text())["spec"]["names"]["categories"]
    assert cluster.get("crd", DEFINITION)["spec"]["names"]["categories"] == expected


@pytest.mark.timeout(300)
def test_rights_over_the_cluster_end_before_secrets(cluster: Cluster, release: Release, apps: str) -> None:
    """No process runs: it would serve what other tests have their own operators for."""
    release.install({**operator_values(cluster), "replicas": 0}, *TAKE)
    account = f"system:serviceaccount:{release.namespace}:operator"

    def may(verb: str, resource: str, namespace: str = apps) -> bool:
        try:
            words = ("auth", "can-i", verb, resource, "--as", account)
            return cluster.kubectl("--namespace", namespace, *words).strip() == "yes"
        except ClusterError:  # kubectl says "no" by its exit code too
            return False

    assert may("create", "deployments.apps")
    assert may("list", "usecases.usecase.dev", "default")
    assert not may("get", "secrets")
    assert not may("delete", "namespaces")
    assert not may("update", "leases.coordination.k8s.io")
    assert may("update", "leases.coordination.k8s.io", release.namespace)
    bind = ("create", "rolebinding", "usecase-operator-secrets", "--clusterrole", "usecase-operator-secrets")
    cluster.kubectl("--namespace", apps, *bind, "--serviceaccount", f"{release.namespace}:operator")
    assert may("get", "secrets")
    assert not may("get", "secrets", "default")


@pytest.mark.timeout(300)
def test_people_get_rights_by_the_roles_they_have(cluster: Cluster, release: Release, apps: str) -> None:
    release.install({**operator_values(cluster), "replicas": 0}, *TAKE)
    for role, may_create in (("edit", True), ("view", False)):
        cluster.kubectl("--namespace", apps, "create", "rolebinding", role, "--clusterrole", role, "--user", role)
        rights = cluster.kubectl("--namespace", apps, "auth", "can-i", "--list", "--as", role)
        line = next(each for each in rights.splitlines() if each.startswith("usecases.usecase.dev"))
        assert ("create" in line) == may_create
        assert "watch" in line
