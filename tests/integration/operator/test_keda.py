"""Mode Queue without KEDA, and what happens when KEDA is installed while the operator runs."""

from typing import Any

import pytest

from cluster import bringup
from cluster.backends import Running
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.stage import connect
from integration.operator.test_messaging import MESSAGING, WORKER, messaging
from integration.operator.world import World

pytestmark = pytest.mark.alone  # it takes KEDA off the cluster

KINDS = ("scaledobjects.keda.sh", "triggerauthentications.keda.sh")
SCALED: dict[str, Any] = {
    **WORKER,
    "scaling": {"mode": "Queue", "min": 0, "max": 3, "queue": {"name": "orders", "messagesPerReplica": 5}},
}


def test_keda_that_is_installed_later_is_noticed_within_a_minute(
    world: World, cluster: Cluster, rabbitmq: Running
) -> None:
    cluster.kubectl("delete", "crd", *KINDS, "--ignore-not-found", "--timeout=60s")
    connect(world, rabbitmq)
    messaging(world, "queued", SCALED, rabbitmq=rabbitmq, messaging=MESSAGING)
    missing = world.wait_condition("queued", "ScalingActive", "False", "EngineMissing", timeout=90)
    assert "KEDA" in missing["message"]
    eventually(
        lambda: world.get("deployment", "queued-worker")["spec"]["replicas"] == 1, timeout=30, what="its least number"
    )
    bringup.keda()
    eventually(lambda: world.exists("scaledobject", "queued-worker"), timeout=60, what="the ScaledObject")
    assert world.exists("triggerauthentication", "queued-keda")
    world.delete("queued")
