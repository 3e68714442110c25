"""Two operators, one Lease: who writes, who waits, and how long nobody does."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, served_namespace
from integration.operator.proxy import Proxy, Writes
from integration.operator.stage import api_server
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


@pytest.fixture
def beside(cluster: Cluster, tmp_path: Path) -> Iterator[tuple[World, OperatorProcess, Writes, OperatorProcess]]:
    """A place of its own, the operator that leads there behind a proxy that counts, and one that stands by."""
    writes = Writes()
    upstream, tls = api_server(cluster, tmp_path)
    with (
        home_of_operator(cluster) as home,
        served_namespace(cluster, home, "frozen", secrets=False) as served,
        Proxy(upstream, writes, tls=tls) as proxy,
    ):
        first = OperatorProcess(cluster, home, [served], tmp_path, "counted", server=proxy.url)
        second = OperatorProcess(cluster, home, [served], tmp_path, "beside")
        first.start()
        eventually(lambda: leads(first), timeout=20, what="the first leads")
        second.start()
        world = World(cluster, served)
        yield world, first, writes, second
        world.kubectl("delete", "usecases", "--all", "--timeout=60s")
        for each in (first, second):
            if each.running:
                each.stop()


def test_a_frozen_leader_writes_nothing_when_it_wakes(
    beside: tuple[World, OperatorProcess, Writes, OperatorProcess],
) -> None:
    """It is frozen in the middle of a pass, and has more to do when it wakes: the answer to its third write arrives."""
    world, first, writes, second = beside
    writes.strike = first.freeze
    writes.arm(3)
    world.usecase("thawed", IDLE)
    assert writes.struck.wait(20), "it was frozen at its third write"
    try:
        eventually(lambda: leads(second), timeout=25, what="the second leads")
        world.wait_ready("thawed")
        world.usecase("later", IDLE)
        world.wait_ready("later")
        before = writes.count
    finally:
        first.thaw()
    eventually(lambda: not first.running, timeout=20, what="the first sees that it lost, and ends")
    assert writes.count == before
    assert leads(second)
