"""Two operators, one Lease: who writes, who waits, and how long nobody does."""

import signal
import time
from collections.abc import Iterator

import pytest

from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.operator_process import OperatorProcess
from integration.operator.world import World

IDLE = {"name": "web", "scaling": {"replicas": 0}}


@pytest.fixture
def standby(
    cluster: Cluster, home: str, served: str, operator: OperatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    made = OperatorProcess(cluster, home, [served], tmp_path_factory.mktemp("standby"), "second")
    made.start()
    yield made
    if made.running:
        made.stop()
    if not operator.running:
        operator.start()


def leads(process: OperatorProcess) -> bool:
    return process.metric("usecase_leader") == 1


def test_the_standby_is_warm_and_writes_nothing(
    world: World, operator: OperatorProcess, standby: OperatorProcess
) -> None:
    world.usecase("led", IDLE)
    world.wait_ready("led")
    eventually(lambda: standby.metric("usecase_reconcile_queue_length") > 0, timeout=10, what="the standby has marks")
    assert not leads(standby)
    assert standby.metric(r"usecase_api_writes_total\{") == 0


def test_a_killed_leader_is_succeeded_within_fifteen_seconds(
    world: World, operator: OperatorProcess, standby: OperatorProcess
) -> None:
    world.usecase("orphaned", IDLE)
    world.wait_ready("orphaned")
    operator.stop(signal.SIGKILL)
    killed = time.monotonic()
    world.kubectl("delete", "service", "orphaned-web")
    eventually(lambda: world.exists("service", "orphaned-web"), timeout=15, what="the successor repairs")
    assert time.monotonic() - killed <= 15
    assert leads(standby)


def test_a_leader_that_stops_hands_over_at_once(
    world: World, operator: OperatorProcess, standby: OperatorProcess
) -> None:
    eventually(lambda: leads(operator), timeout=20, what="the first leads")
    operator.stop()
    eventually(lambda: leads(standby), timeout=4, what="the second leads")


def test_a_frozen_leader_writes_nothing_when_it_wakes(
    world: World, operator: OperatorProcess, standby: OperatorProcess
) -> None:
    eventually(lambda: leads(operator), timeout=20, what="the first leads")
    operator.freeze()
    try:
        eventually(lambda: leads(standby), timeout=20, what="the second leads")
        world.usecase("thawed", IDLE)
        world.wait_ready("thawed")
    finally:
        operator.thaw()
    eventually(lambda: not operator.running, timeout=20, what="the first sees that it lost, and ends")
    assert leads(standby)
