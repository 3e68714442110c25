"""Nodes, for tests that take one away: which there are, and which components have a pod on them."""

import subprocess
from collections.abc import Callable

import httpx

from cluster import bringup, stack
from cluster.fixtures import Cluster
from cluster.polling import eventually
from e2e.stack.deployed import Deployed, is_ready

COMPONENTS = set(stack.COMPONENTS.values())
INHABITED_SECONDS = 120


def workers(cluster: Cluster) -> list[str]:
    """Two at least, since one of them is to go."""
    found = sorted(name for name in cluster.nodes() if "control-plane" not in name)
    assert len(found) > 1, f"a cluster of two workers or more is needed, this one has {len(found)}: WORKERS=2"
    return found


def inhabit(cluster: Cluster, deployed: Deployed, node: str) -> None:
    """Returns when one pod of each component is on *node* and all is Ready: those that have none there move."""
    others = [each for each in workers(cluster) if each != node]
    deployed.settled()
    cluster.kubectl("cordon", *others)
    try:
        for component in COMPONENTS - on(deployed, node):
            deployed.kubectl("delete", "pod", deployed.ready_pods(component)[0], "--wait=false")
        eventually(lambda: on(deployed, node) == COMPONENTS, INHABITED_SECONDS, f"each component on {node}")
    finally:
        cluster.kubectl("uncordon", *others)
    deployed.settled()


def on(deployed: Deployed, node: str) -> set[str]:
    """Components that have a Ready pod on *node*."""
    return {component for component, its in homes(deployed).items() if node in its}


def elsewhere(deployed: Deployed, node: str) -> Callable[[], bool]:
    """Whether each component has a Ready pod on another node; AssertionError with those that have none."""

    def found() -> bool:
        missing = COMPONENTS - {component for component, its in homes(deployed).items() if its - {node}}
        assert not missing, f"not elsewhere: {sorted(missing)}"
        return True

    return found


def homes(deployed: Deployed) -> dict[str, set[str]]:
    """Component → the nodes of its Ready pods."""
    return {
        component: {each["spec"]["nodeName"] for each in deployed.pods(component) if is_ready(each)}
        for component in COMPONENTS
    }


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


def control_plane() -> str:
    """Its address in the network of the nodes, which the host reaches."""
    node = bringup.running().nodes()[0]
    return docker("inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", node).strip()


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout
