"""The number of pods: by hand it sticks, several API pods share the work, CPU and queue length decide where asked to.

Kubernetes waits five minutes before it takes a pod away; a value of the chart says otherwise here.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aio_pika
import httpx
import pytest

from cluster import bringup
from cluster.polling import eventually
from e2e.stack.deployed import Deployed
from e2e.stack.load import loaded
from integration.services.stack import stored
from task_messages import created
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE, TASK_EVENTS

WORKER = "analytics-worker"
SCALED_SECONDS = 60
AUTOSCALED_SECONDS = 240
RATE = 15
"""At 30 a machine with other work refused some: that is no matter of scaling."""
LITTLE = 25
"""Percent of the request: between what an idle pod takes and what `RATE` takes of each pod on a fast machine."""
SOON = {"scaleDownStabilizationSeconds": 15}


@contextmanager
def scaled(deployed: Deployed, component: str, replicas: int) -> Iterator[None]:
    """By hand, as a user does it; and back again."""
    before = str(number(deployed, component))
    resize(deployed, component, str(replicas))
    try:
        has(deployed, component, replicas)
        yield
    finally:
        resize(deployed, component, before)


def resize(deployed: Deployed, component: str, replicas: str) -> None:
    deployed.kubectl("scale", f"deployment/{deployed.release}-{component}", f"--replicas={replicas}")


def number(deployed: Deployed, component: str) -> int:
    found: int = deployed.get("deployment", f"{deployed.release}-{component}")["spec"]["replicas"]
    return found


def has(deployed: Deployed, component: str, replicas: int, seconds: float = SCALED_SECONDS) -> None:
    """Returns when so many pods are Ready, and no more are there."""
    eventually(
        lambda: len(deployed.ready_pods(component)) == replicas == len(deployed.pods(component)),
        seconds,
        f"{replicas} pods of {component}",
    )


@pytest.mark.timeout(600)
def test_a_number_given_by_hand_outlives_the_operators_repairs(deployed: Deployed) -> None:
    name = f"{deployed.release}-{WORKER}"
    with scaled(deployed, WORKER, 4):
        before = deployed.get("deployment", name)["metadata"]["uid"]
        deployed.kubectl("delete", "deployment", name)

        def made_again() -> bool:
            found = deployed.get("deployment", name)
            return (found["metadata"]["uid"] != before, found["spec"]["replicas"]) == (True, 4)

        eventually(made_again, 30, f"the operator to make {name} again, with 4 replicas")
        has(deployed, WORKER, 4)
        said = eventually(lambda: source_of(deployed, WORKER, 4), 30, "the status to say who decided")
        assert said == "Manual"


def source_of(deployed: Deployed, component: str, desired: int) -> str:
    said = deployed.component(component)["replicas"]
    assert said["desired"] == desired, said
    return str(said["source"])


@pytest.mark.timeout(600)
def test_requests_are_shared_by_all_api_pods(deployed: Deployed) -> None:
    with scaled(deployed, "api", 3):
        pods = deployed.ready_pods("api")
        before = {pod: answered(deployed, pod) for pod in pods}

        def all_took_part() -> bool:
            for _ in range(30):
                # A connection each, as a user each.
                assert httpx.get(f"{deployed.api}/api/v1/tasks", trust_env=False).status_code == 401
            idle = [pod for pod in pods if answered(deployed, pod) < before[pod] + 5]
            assert not idle, f"without requests: {idle}"
            return True

        eventually(all_took_part, 20, "each of three pods to answer")


COUNT = """
import urllib.request
lines = urllib.request.urlopen("http://127.0.0.1:9090/metrics").read().decode().splitlines()
asked = [each for each in lines if each.startswith("http_requests_total{") and 'code="401"' in each]
print(sum(float(each.split()[-1]) for each in asked))
"""


def answered(deployed: Deployed, pod: str) -> float:
    """How many of these requests the pod has answered so far."""
    return float(deployed.python(pod, COUNT))


@pytest.mark.timeout(900)
async def test_the_api_scales_out_under_load_and_in_again(deployed: Deployed) -> None:
    least = number(deployed, "api")
    deployed.upgrade(api={"scaling": {"mode": "CPU", "min": least, "max": 4, "targetUtilization": LITTLE, **SOON}})
    try:
        async with loaded(deployed.api, RATE) as load:
            await asyncio.to_thread(outgrows, deployed, "api", least)
            assert source_of(deployed, "api", number(deployed, "api")) == "HPA"
        has(deployed, "api", least, AUTOSCALED_SECONDS)
        print(load.told())
        assert not load.faults, "\n".join(load.faults[:20])
    finally:
        deployed.upgrade()


def outgrows(deployed: Deployed, component: str, replicas: int) -> None:
    """Returns when an autoscaler has asked for more pods than *replicas*, and more work."""
    eventually(
        lambda: number(deployed, component) > replicas, AUTOSCALED_SECONDS, f"more pods of {component} to be asked for"
    )
    eventually(
        lambda: len(deployed.ready_pods(component)) > replicas, SCALED_SECONDS, f"more pods of {component} to work"
    )


SHORT = pytest.param(2_000, id="short", marks=pytest.mark.soak)
LONG = pytest.param(20_000, id="long", marks=pytest.mark.soak)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("messages", [SHORT, LONG])
async def test_a_worker_scales_by_its_queue_and_handles_each_message_once(deployed: Deployed, messages: int) -> None:
    """One message at a time, so that a queue builds up behind a single pod. It scaled by CPU before."""
    bringup.keda()
    deployed.upgrade(analyticsWorker={"scaling": {"mode": "CPU", "min": 1, "max": 4}})
    scaling = {"mode": "Queue", "min": 1, "max": 4, "messagesPerReplica": 100, **SOON}
    deployed.upgrade(analyticsWorker={"scaling": scaling, "batchSize": 1, "prefetch": 1})
    try:
        has(deployed, WORKER, 1, AUTOSCALED_SECONDS)
        user = time.time_ns() // 1000  # nobody's id: only analytics know of these tasks
        told = await tell(deployed, user, messages)
        outgrows(deployed, WORKER, 1)
        eventually(lambda: waiting(deployed) == 0, 900, "the queue to be empty", every=2)
        has(deployed, WORKER, 1, AUTOSCALED_SECONDS)
        with deployed.stores() as stores:
            assert stored.actions(stores, [user]) == {task: ["created"] for task in told}
    finally:
        deployed.upgrade()


async def tell(deployed: Deployed, user: int, messages: int) -> range:
    """Publish that so many tasks of that user were created; their ids."""
    tasks = range(user, user + messages)
    with deployed.broker() as url:
        async with await aio_pika.connect(url) as connection:
            exchange = await (await connection.channel(publisher_confirms=False)).get_exchange(TASK_EVENTS)
            for task in tasks:
                body: bytes = created(id=task, user_id=user).model_dump_json().encode()
                await exchange.publish(aio_pika.Message(body, delivery_mode=2), "task.created")
    return tasks


def waiting(deployed: Deployed) -> int:
    """Messages in the worker's queue, those in work too."""
    vhost = f"{deployed.namespace}.{deployed.release}"
    command = ("rabbitmqctl", "--quiet", "--vhost", vhost, "list_queues", "name", "messages", "--formatter", "json")
    queues: list[dict[str, Any]] = json.loads(
        deployed.kubectl("exec", f"{deployed.release}-rabbitmq-0", "--", *command)
    )
    return int(next(each["messages"] for each in queues if each["name"] == TASK_ANALYTICS_QUEUE))
