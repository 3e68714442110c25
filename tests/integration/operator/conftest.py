"""A real RabbitMQ as the operator's adapter sees it, and the operator itself on the cluster with the least rights."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from cluster.backends import Running
from cluster.fixtures import Cluster
from integration.operator.broker_access import connection_to, removed
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, served_namespace
from integration.operator.stage import kwok_nodes
from integration.operator.world import World
from usecase_operator.broker.brokers import Broker, Brokers


@pytest.fixture
def vhost() -> str:
    return f"test.{uuid.uuid4().hex[:8]}"


@pytest.fixture
def changed() -> list[str]:
    """Every vhost that the observer said has changed."""
    return []


@pytest.fixture
async def brokers(changed: list[str]) -> AsyncIterator[Brokers]:
    made = Brokers(guard=lambda: None, changed=changed.append)
    yield made
    await made.close()


@pytest.fixture
async def broker(rabbitmq: Running, brokers: Brokers, vhost: str) -> AsyncIterator[Broker]:
    made = await brokers.of(connection_to(rabbitmq), vhost)
    yield made
    await removed(made, vhost)


@pytest.fixture(scope="module")
def kwok(cluster: Cluster) -> Iterator[None]:
    """Nodes that run any image, for pods of `PLACED`."""
    with kwok_nodes(cluster):
        yield


@pytest.fixture(scope="session")
def home(cluster: Cluster) -> Iterator[str]:
    """The operator's own namespace, with its account."""
    with home_of_operator(cluster) as name:
        yield name


@pytest.fixture(scope="session")
def served(cluster: Cluster, home: str) -> Iterator[str]:
    """A namespace that the operator serves, with restricted pods and the right to its Secrets."""
    with served_namespace(cluster, home, "served") as name:
        yield name


@pytest.fixture(scope="session")
def secretless(cluster: Cluster, home: str) -> Iterator[str]:
    """A namespace that the operator serves without any right to its Secrets."""
    with served_namespace(cluster, home, "secretless", secrets=False) as name:
        yield name


@pytest.fixture(scope="session")
def operator(
    cluster: Cluster, home: str, served: str, secretless: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The operator, running with the least rights. A test that stops it starts it again."""
    folder = tmp_path_factory.mktemp("operator")
    process = OperatorProcess(cluster, home, [served, secretless], folder, "first")
    process.start()
    yield process
    process.stop()


@pytest.fixture
def world(cluster: Cluster, operator: OperatorProcess, served: str) -> Iterator[World]:
    """The served namespace; the UseCases a test leaves are deleted."""
    yield World(cluster, served)
    cluster.kubectl("--namespace", served, "delete", "usecases", "--all", "--timeout=120s")
