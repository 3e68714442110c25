"""What a hundred use cases cost, as `make bench-operator` counts it, without what depends on the clock.

A thousand, and the broker's requests, in `make soak`. The operator has a home of its own: nobody else's writes may be
counted.
"""

from pathlib import Path

import pytest

from bench.operator import api, latency, scale, seen, subjects
from cluster.backends import Running
from cluster.fixtures import Cluster
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, served_namespace
from integration.operator.stage import infrastructure, stage

pytestmark = pytest.mark.timeout(1800)

# Long enough for three reads of the broker, so that a window has one more or one less at most.
WINDOW = 16.0
FEW, MANY = 4, 20


async def costs(cluster: Cluster, folder: Path, size: int) -> None:
    with home_of_operator(cluster) as home, served_namespace(cluster, home, "scale", secrets=False) as served:
        operator = OperatorProcess(cluster, home, [served], folder, "scaled", log_level="WARNING")
        async with api.admin(cluster, folder) as session:
            found = await scale.measure(session, operator, served, size)
    print(found)
    assert found["writes on resync"] == 0
    assert found["writes on restart"] == 0
    assert found["writes of a use case"] <= found["writes allowed"]
    assert found["Events of a use case"] <= 8
    assert found["memory MiB"] <= 150


@pytest.mark.alone  # the API server counts who else writes
async def test_a_hundred_use_cases_cost_what_they_may(cluster: Cluster, tmp_path: Path) -> None:
    await costs(cluster, tmp_path, 100)


@pytest.mark.soak
async def test_a_thousand_use_cases_cost_what_they_may(cluster: Cluster, tmp_path: Path) -> None:
    await costs(cluster, tmp_path, 1000)


@pytest.mark.soak
async def test_the_broker_is_asked_no_more_for_more_use_cases(
    cluster: Cluster, rabbitmq: Running, tmp_path: Path
) -> None:
    with stage(cluster, rabbitmq, tmp_path) as made:
        (world,) = made.worlds
        ready, broker = seen.Holds("Ready"), infrastructure(rabbitmq)
        async with (
            api.admin(cluster, tmp_path) as session,
            api.watching(session, "UseCase", world.namespace, ready.seen),
        ):
            asked = []
            for count in (FEW, MANY):
                names = {f"m{number}" for number in range(count)} - ready.names
                await api.create(
                    session, "UseCase", [subjects.listening(world.namespace, each, broker) for each in sorted(names)]
                )
                await api.until(lambda names=names: ready.names >= names, 120, "all are Ready")  # type: ignore[misc]
                asked.append(await latency.broker_requests(made.operator, WINDOW) * WINDOW / 60)
    print(asked)
    assert asked[0] >= 1
    assert asked[1] <= asked[0] + 2
