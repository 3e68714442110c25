"""A node goes, with or without a word, and the stack goes on from the others.

The backends are single and have their volumes on one worker: what losing that one means stands in the page on limits
(`docs/explanation/delivery-guarantees.md`). Here the other worker goes. A stack of its own, since a volume can't move
to the worker that the test would like; reached through the control plane's own address.
"""

import asyncio
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from cluster import bringup, stack
from cluster.fixtures import Cluster
from cluster.polling import eventually
from e2e.charts import TAKE, home_of, operator, operator_values, restrict, tasks, tasks_values
from e2e.stack.deployed import Deployed
from e2e.stack.kept import nothing_is_lost
from e2e.stack.load import loaded
from integration.services.stack.callers import register
from integration.services.stack.ledger import Ledger
from integration.services.waiting import until

NODE_PORT = 30081
RATE = 50
API_SECONDS = 60
ELSEWHERE_SECONDS = 120
BACK_SECONDS = 180
ENOUGH = 200

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def pinned(cluster: Cluster) -> Iterator[Deployed]:
    """Both charts in namespaces of their own, all backends on the first worker."""
    place = f"t-nodes-{uuid.uuid4().hex[:5]}"
    home = home_of(place)
    for name in (home, place):
        cluster.kubectl("create", "namespace", name)
        restrict(cluster, name)
    served, made = operator(cluster, home), tasks(cluster, place)
    values = tasks_values(made)
    for backend in stack.BACKENDS:
        values[backend]["nodeSelector"] = {"kubernetes.io/hostname": workers(cluster)[0]}
    values["api"]["expose"] = {"nodePort": NODE_PORT}
    try:
        served.install(operator_values(cluster, place), *TAKE)
        made.install(values)
        yield Deployed(cluster, f"http://{control_plane()}:{NODE_PORT}", values, made.name, place)
    finally:
        made.uninstall("--ignore-not-found")
        served.uninstall("--ignore-not-found")
        for name in (home, place):
            cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def other(cluster: Cluster, pinned: Deployed) -> str:
    """The worker without backends; one pod of each component is on it."""
    first, other = workers(cluster)[:2]
    cluster.kubectl("cordon", first)
    try:
        for component in set(stack.COMPONENTS.values()) - on(pinned, other):
            pinned.kubectl("delete", "pod", pinned.ready_pods(component)[0], "--wait=false")
        eventually(lambda: on(pinned, other) == set(stack.COMPONENTS.values()), 120, f"each component on {other}")
    finally:
        cluster.kubectl("uncordon", first)
    pinned.settled()
    return other


async def test_a_drain_under_load_refuses_nobody(cluster: Cluster, pinned: Deployed, other: str) -> None:
    try:
        async with loaded(pinned.api, RATE) as load:
            drain = ("drain", other, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
            await asyncio.to_thread(cluster.kubectl, *drain)
            await asyncio.to_thread(pinned.settled)
    finally:
        cluster.kubectl("uncordon", other)
    print(load.told())
    assert not load.faults, "\n".join(load.faults[:20])
    assert not on(pinned, other)
    assert await nothing_is_lost(pinned, load.ledger, load.users) == len(load.ledger.acknowledged)


async def test_the_stack_goes_on_when_a_node_is_gone(cluster: Cluster, pinned: Deployed, other: str) -> None:
    ledger, over = Ledger(), asyncio.Event()
    async with httpx.AsyncClient(base_url=pinned.api, timeout=10, trust_env=False) as api:
        callers = [await register(api) for _ in range(5)]
        async with asyncio.TaskGroup() as creating:
            for caller in callers:
                creating.create_task(
                    caller.keep_creating(ledger, lambda: over.is_set() and len(ledger.acknowledged) >= ENOUGH)
                )
            try:
                gone = time.monotonic()
                await asyncio.to_thread(docker, "stop", "--time", "1", other)
                await until(lambda: answers(api), API_SECONDS)
                answered = time.monotonic() - gone
                left = ELSEWHERE_SECONDS - answered
                await asyncio.to_thread(eventually, elsewhere(pinned, other), left, "each component on another node")
                moved = time.monotonic() - gone
            finally:
                over.set()
                await asyncio.to_thread(docker, "start", other)
                ready = ("wait", f"node/{other}", "--for=condition=Ready", f"--timeout={BACK_SECONDS}s")
                await asyncio.to_thread(cluster.kubectl, *ready)
    pinned.settled()
    kept = await nothing_is_lost(pinned, ledger, [caller.user_id for caller in callers])
    print(f"API after {answered:.0f} s, each component elsewhere after {moved:.0f} s, {kept} tasks kept")


async def answers(api: httpx.AsyncClient) -> bool:
    """Whether ten users in a row are answered, each within the time that one is ready to wait."""
    for _ in range(10):
        try:
            # A connection each: none may be left over from before.
            answer = await api.get("/api/v1/tasks", timeout=3, headers={"connection": "close"})
        except httpx.TransportError:
            return False
        if answer.status_code != 401:
            return False
    return True


def elsewhere(pinned: Deployed, node: str) -> Callable[[], bool]:
    def found() -> bool:
        there = {
            component
            for component in stack.COMPONENTS.values()
            for pod in pinned.pods(component)
            if pod["metadata"]["name"] in pinned.ready_pods(component) and pod["spec"].get("nodeName") != node
        }
        missing = set(stack.COMPONENTS.values()) - there
        assert not missing, f"not elsewhere: {sorted(missing)}"
        return True

    return found


def on(pinned: Deployed, node: str) -> set[str]:
    """Components that have a Ready pod on *node*."""
    return {
        component
        for component in stack.COMPONENTS.values()
        for pod in pinned.pods(component)
        if pod["spec"].get("nodeName") == node and pod["metadata"]["name"] in pinned.ready_pods(component)
    }


def workers(cluster: Cluster) -> list[str]:
    return sorted(name for name in cluster.nodes() if "control-plane" not in name)


def control_plane() -> str:
    """Its address in the network of the nodes, which the host reaches."""
    node = bringup.running().nodes()[0]
    return docker("inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", node).strip()


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout
