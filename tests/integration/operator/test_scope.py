"""What the operator may see: the namespaces it was told of, or all; Secrets only where somebody allowed it."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, plain_namespace
from integration.operator.rights import ACCOUNT, RULES, SECRETS, role
from integration.operator.world import World

pytestmark = pytest.mark.alone  # an operator of the whole cluster answers everybody's use cases

IDLE: dict[str, Any] = {"name": "web", "scaling": {"replicas": 0}}
READS = [{"name": "KEY", "secretRef": {"name": "elsewhere", "key": "key"}}]


def test_a_secret_of_another_namespace_cant_be_read(world: World, cluster: Cluster, home: str) -> None:
    with plain_namespace(cluster, "foreign") as foreign:
        World(cluster, foreign).secret("elsewhere", key="theirs")
        world.usecase("curious", {**IDLE, "secretEnv": READS})
        refused = world.wait_condition("curious", "Accepted", "False", "SecretNotFound", timeout=20)
        assert "Secret elsewhere" in refused["message"]
        account = f"system:serviceaccount:{home}:{ACCOUNT}"
        for verb in ("get", "list", "watch"):
            with pytest.raises(ClusterError, match="no"):
                cluster.kubectl("auth", "can-i", verb, "secrets", "--namespace", foreign, "--as", account)


@pytest.fixture
def everywhere(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OperatorProcess, str]]:
    """An operator of the whole cluster, without a right to any Secret; and its home."""
    name = f"op-everywhere-{uuid.uuid4().hex[:5]}"
    with home_of_operator(cluster) as home:
        rights = role("default", name, RULES, home)
        for each in rights:
            each["kind"] = f"Cluster{each['kind']}"
            del each["metadata"]["namespace"]
        rights[1]["roleRef"]["kind"] = "ClusterRole"
        cluster.apply(*rights)
        process = OperatorProcess(cluster, home, [], tmp_path_factory.mktemp("everywhere"), "everywhere")
        process.start()
        yield process, home
        process.stop()
        cluster.kubectl("delete", "clusterrolebinding,clusterrole", name)


def test_one_name_in_two_namespaces_of_a_cluster_wide_operator(
    cluster: Cluster, everywhere: tuple[OperatorProcess, str]
) -> None:
    _, home = everywhere
    with plain_namespace(cluster, "one") as one, plain_namespace(cluster, "two") as two:
        cluster.apply(*role(one, "secrets", SECRETS, home), namespace=one)
        worlds = [World(cluster, each) for each in (one, two)]
        for world in worlds:
            world.secret("elsewhere", key=world.namespace)
            world.usecase("same", {**IDLE, "secretEnv": READS})
        worlds[0].wait_ready("same")
        refused = worlds[1].wait_condition("same", "Accepted", "False", "SecretsForbidden", timeout=30)
        assert f"--namespace {two}" in refused["message"]
        cluster.apply(*role(two, "secrets", SECRETS, home), namespace=two)
        worlds[1].wait_ready("same", timeout=120)
        for world in worlds:
            assert world.get("deployment", "same-web")["metadata"]["namespace"] == world.namespace
            world.kubectl("delete", "usecase", "same", "--timeout=60s")
