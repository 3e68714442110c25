"""An operator of its own between two proxies, on namespaces and KWOK nodes of its own: for tests that break things.

Its pods cost nothing: KWOK says of each that it runs. The specs come from `crds/examples/task-management.yaml`.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from cluster import bringup
from cluster.backends import Running
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator import snapshot
from integration.operator.broker_access import connection_to
from integration.operator.operator_process import OperatorProcess
from integration.operator.places import home_of_operator, served_namespace
from integration.operator.proxy import Faults, Proxy, Writes
from integration.operator.world import World
from usecase_operator.cluster.access import from_kubeconfig

EXAMPLE = Path(__file__).parents[3] / "crds" / "examples" / "task-management.yaml"
NODE = f"operator-test-{os.getpid()}"
"""Of this process: who ends beside us takes its own nodes away."""
PLACED = {
    "spec": {
        "nodeSelector": {"usecase.dev/test": NODE},
        "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists"}],
    }
}
ADMIN = "rabbitmq-admin"
LAST_WORDS = 6000
# All that the API asks of a node's nodeInfo: kubectl checks it before it sends anything.
NODE_INFO = (
    *("architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion"),
    *("machineID", "operatingSystem", "osImage", "systemUUID"),
)


@dataclass
class Stage:
    """*worlds*: the namespaces that the operator serves. *keda*: whether its objects belong to the state."""

    worlds: list[World]
    operator: OperatorProcess
    writes: Writes
    faults: Faults
    kube: Proxy
    broker: Proxy
    rabbitmq: Running
    keda: bool = False
    brought_back: int = 0

    def bring_back(self) -> None:
        """As a kubelet does it: an operator that ended is started again."""
        if not self.operator.running:
            self.operator.stop()
            self.operator.launch()
            self.brought_back += 1

    def state(self, world: World, usecase: str) -> dict[str, Any]:
        """Everything the use case has, in the cluster and in the broker."""
        return {**snapshot.objects(world, usecase, keda=self.keda), **snapshot.broker(world, usecase, self.rabbitmq)}

    def apply(self, world: World, name: str, spec: dict[str, Any]) -> None:
        metadata = {"name": name, "namespace": world.namespace}
        world.apply({"apiVersion": "usecase.dev/v1alpha1", "kind": "UseCase", "metadata": metadata, "spec": spec})

    def until(self, holds: Callable[[], Any], timeout: float, what: str) -> Any:
        """As `eventually`; a failure shows what the operator wrote last, since its log goes with the machine."""
        try:
            return eventually(holds, timeout=timeout, what=what)
        except AssertionError as error:
            running = "running" if self.operator.running else "not running"
            words = self.operator.log.read_text()[-LAST_WORDS:]
            raise AssertionError(f"{error}\nthe operator is {running}, its last words:\n{words}") from None


@contextlib.contextmanager
def stage(cluster: Cluster, rabbitmq: Running, folder: Path, served: int = 1, *, keda: bool = False) -> Iterator[Stage]:
    """A running operator; *served* namespaces with the Secrets that `task_management` names."""
    writes, faults = Writes(), Faults(Random(20261124))
    with contextlib.ExitStack() as ending:
        ending.enter_context(kwok_nodes(cluster))
        home = ending.enter_context(home_of_operator(cluster))
        names = [ending.enter_context(served_namespace(cluster, home, f"stage{each}")) for each in range(served)]
        upstream, tls = api_server(cluster, folder)
        kube = ending.enter_context(Proxy(upstream, writes, faults, tls))
        broker = ending.enter_context(Proxy(connection_to(rabbitmq).management, writes, faults))
        operator = OperatorProcess(cluster, home, names, folder, "staged", server=kube.url)
        writes.strike = operator.kill
        made = Stage([World(cluster, each) for each in names], operator, writes, faults, kube, broker, rabbitmq, keda)
        for each in made.worlds:
            _secrets(each, rabbitmq, broker.url)
        operator.start()
        yield made
        faults.active = False
        writes.arm(None)
        made.bring_back()
        for each in made.worlds:
            each.kubectl("delete", "usecases", "--all", "--timeout=120s")
        operator.stop()


def task_management(rabbitmq: Running) -> dict[str, Any]:
    """The spec of the reference use case, with its pods on KWOK nodes and this broker."""
    spec: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())["spec"]
    spec["infrastructure"]["rabbitmq"] = infrastructure(rabbitmq)
    for each in spec["components"]:
        each["podTemplate"] = PLACED
        each.pop("expose", None)  # a node port is there once in a cluster
    return spec


def infrastructure(rabbitmq: Running) -> dict[str, Any]:
    return {
        "connectionSecretRef": {"name": ADMIN},
        "port": connection_to(rabbitmq).amqp_port,
        "reach": {"cidrs": ["10.0.0.0/8"]},
    }


def connect(world: World, rabbitmq: Running, **changes: str) -> None:
    """The connection Secret that `infrastructure` names, with *changes*."""
    connection = connection_to(rabbitmq)
    values = {
        "managementUri": connection.management,
        "amqpHost": connection.amqp_host,
        "username": connection.username,
        "password": connection.password,
    }
    world.secret(ADMIN, **{**values, **changes})


def _secrets(world: World, rabbitmq: Running, management: str) -> None:
    connect(world, rabbitmq, managementUri=management)
    for store in ("postgres", "mongodb", "redis"):
        world.secret(f"task-management-{store}", uri=f"{store}://elsewhere")
    keys = ("internal-token", "secret-key", "bot-token", "bot-credential")
    world.secret("task-management-secrets", **dict.fromkeys(keys, "x"))


@contextlib.contextmanager
def kwok_nodes(cluster: Cluster, count: int = 2) -> Iterator[None]:
    """Nodes for the pods of `PLACED`."""
    bringup.kwok()
    names = [f"{NODE}-{number}" for number in range(count)]
    cluster.apply(*(_node(name) for name in names))
    try:
        yield
    finally:
        cluster.kubectl("delete", "node", *names, "--ignore-not-found")


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": "100", "memory": "100Gi", "pods": "1000"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"usecase.dev/test": NODE, "kubernetes.io/hostname": name, "type": "kwok"},
        },
        "spec": {"taints": [{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}]},
        "status": {"allocatable": room, "capacity": room, "nodeInfo": dict.fromkeys(NODE_INFO, "fake")},
    }


def api_server(cluster: Cluster, folder: Path) -> tuple[str, Any]:
    """Address and trust of the API server, without the admin's certificate: the operator's token says who asks."""
    shown = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify"))
    shown["users"] = [{"name": each["name"], "user": {}} for each in shown["users"]]
    file = folder / "nobody.kubeconfig"
    file.write_text(yaml.safe_dump(shown))
    access = from_kubeconfig(file, cluster.context)
    return access.server, access.tls
