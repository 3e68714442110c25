"""What the operator may see: the namespaces it was told of, or all; Secrets only where somebody allowed it."""

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cluster.backends import Running
from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.management import management_client
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, plain_namespace, served_namespace
from integration.operator.rights import ACCOUNT, RULES, SECRETS, USECASES, cluster_role, role
from integration.operator.stage import connect, infrastructure
from integration.operator.world import World
from usecase_operator.watches import LOST, LOST_SECONDS

pytestmark = pytest.mark.alone  # an operator of the whole cluster answers everybody's use cases

IDLE: dict[str, Any] = {"name": "web", "scaling": {"replicas": 0}}
WORKER = {"name": "worker", "kind": "Worker", "consumes": [{"queue": "orders"}], "scaling": {"replicas": 0}}
# For what a pass does: much sooner than a namespace is given up.
SOON = LOST_SECONDS / 2
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
        cluster.apply(*cluster_role(name, RULES, home))
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


@contextlib.contextmanager
def serving(cluster: Cluster, home: str, names: Sequence[str], folder: Path) -> Iterator[OperatorProcess]:
    """An operator that is just being started."""
    process = OperatorProcess(cluster, home, names, folder, "serving")
    process.launch()
    try:
        yield process
    finally:
        process.stop()


def with_a_finalizer(world: World, name: str, rabbitmq: Running) -> None:
    connect(world, rabbitmq)
    broker = {"rabbitmq": infrastructure(rabbitmq)}
    world.usecase(name, WORKER, infrastructure=broker, messaging={"queues": [{"name": "orders"}]})
    world.wait_ready(name)
    assert world.get("usecase", name)["metadata"]["finalizers"]


def exists(cluster: Cluster, namespace: str) -> bool:
    return bool(cluster.kubectl("get", "namespace", namespace, "--ignore-not-found", "--output", "name").strip())


@pytest.fixture
def lets_go(cluster: Cluster) -> Iterator[str]:
    """Home of an operator that may let go of UseCases everywhere."""
    name = f"op-lets-go-{uuid.uuid4().hex[:5]}"
    with home_of_operator(cluster) as home:
        cluster.apply(*cluster_role(name, USECASES, home))
        yield home
        cluster.kubectl("delete", "clusterrolebinding,clusterrole", name)


@pytest.mark.parametrize("meanwhile", ["it runs", "it is down"])
def test_a_served_namespace_that_is_deleted_goes_and_the_others_go_on(
    cluster: Cluster, lets_go: str, rabbitmq: Running, tmp_path: Path, meanwhile: str
) -> None:
    with served_namespace(cluster, lets_go, "stays") as stays, served_namespace(cluster, lets_go, "ends") as ends:
        world, vhost = World(cluster, stays), f"{ends}.queued"
        with serving(cluster, lets_go, [stays, ends], tmp_path) as operator, management_client(rabbitmq) as broker:
            with_a_finalizer(World(cluster, ends), "queued", rabbitmq)
            if meanwhile == "it is down":
                operator.stop()
            # The namespace's controller does so in its first sweep, while pods end.
            cluster.kubectl("--namespace", ends, "delete", "rolebindings,roles", "--all")
            cluster.kubectl("delete", "namespace", ends, "--wait=false")
            if meanwhile == "it is down":
                operator.launch()
            world.usecase("meanwhile", IDLE)
            world.wait_ready("meanwhile", timeout=SOON)
            eventually(lambda: not exists(cluster, ends), timeout=90, what=f"{ends} is gone")
            # Who started without the right to the connection Secret leaves what it can't reach, and says so.
            assert (broker.get(f"vhosts/{vhost}").status_code == 200) == (meanwhile == "it is down")

            operator.stop()
            operator.launch()
            world.usecase("later", IDLE)
            world.wait_ready("later", timeout=SOON)
            world.kubectl("delete", "usecases", "--all", "--timeout=60s")


def test_a_namespace_that_is_not_there_holds_nobody_up_and_is_served_when_it_comes(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Without any right of the cluster's scope, as the chart gives with `crds.install=false`."""
    absent = f"op-absent-{uuid.uuid4().hex[:5]}"
    with home_of_operator(cluster) as home, served_namespace(cluster, home, "there") as there:
        with serving(cluster, home, [there, absent], tmp_path) as operator:
            worlds = World(cluster, there), World(cluster, absent)
            worlds[0].usecase("early", IDLE)
            worlds[0].wait_ready("early", timeout=SOON)
            eventually(lambda: LOST[1] in operator.log.read_text(), timeout=LOST_SECONDS + 20, what="it is told")
            cluster.kubectl("create", "namespace", absent)
            cluster.apply(*role(absent, "operator", RULES, home), namespace=absent)
            worlds[1].usecase("late", IDLE)
            worlds[1].wait_ready("late", timeout=60)
            assert operator.running
            assert operator.log.read_text().count(LOST[1]) == 1
            cluster.kubectl("delete", "usecases", "--all", "--namespace", there, "--timeout=60s")
            cluster.kubectl("delete", "usecases", "--all", "--namespace", absent, "--timeout=60s")
        cluster.kubectl("delete", "namespace", absent, "--wait=false")
