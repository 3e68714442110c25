"""What tests of the whole share: the demo server in Telegram's place, and a place for a stack of one's own."""

import uuid
from collections.abc import Iterator

import pytest

from cluster.fixtures import Cluster
from e2e.charts import TAKE, home_of, operator, operator_values, restrict, tasks
from integration.operator.world import World


@pytest.fixture(scope="session", autouse=True)
def no_bot_of_somebodys() -> Iterator[None]:
    """Whatever token the person has set who runs the tests."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("BOT_TOKEN", raising=False)
        yield


@pytest.fixture(scope="module")
def place(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty namespace that admits restricted pods only, and one for its operator (`home_of`). In the end both go
    with all that was installed there, also if an install failed: not before its evidence was kept.
    """
    stem = request.module.__name__.rpartition("test_")[2].replace("_", "-")
    place = f"t-{stem}-{uuid.uuid4().hex[:5]}"
    for name in (home_of(place), place):
        cluster.kubectl("create", "namespace", name)
        restrict(cluster, name)
    yield place
    try:
        tasks(cluster, place).uninstall("--ignore-not-found")
        operator(cluster, home_of(place)).uninstall("--ignore-not-found", "--no-hooks")
    finally:
        for name in (home_of(place), place):
            cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def apps(cluster: Cluster, place: str) -> Iterator[World]:
    """A namespace with restricted pods that an installed operator serves."""
    operator(cluster, home_of(place)).install(operator_values(cluster, place), *TAKE)
    yield World(cluster, place)
    cluster.kubectl("--namespace", place, "delete", "usecases", "--all", "--timeout=120s")
