"""Who gets through to whom: scripts for pods that have Python, and pods of nobody's to run them in."""

import contextlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from cluster.fixtures import Cluster

CONNECT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(target):
    name, host, port = target
    try:
        socket.create_connection((host, port), timeout=2).close()
        return [name]
    except OSError:
        return []
print(json.dumps(sum(ThreadPoolExecutor(32).map(reached, json.loads(sys.argv[1])), [])))
"""
SCRAPE = """
import json, sys, urllib.request
from concurrent.futures import ThreadPoolExecutor
def scraped(target):
    name, address = target
    try:
        with urllib.request.urlopen(f"http://{address}:9090/metrics", timeout=2) as answer:
            return [name] if b"process_start_time_seconds" in answer.read() else []
    except OSError:
        return []
print(json.dumps(sum(ThreadPoolExecutor(32).map(scraped, json.loads(sys.argv[1])), [])))
"""
Targets = list[tuple[str, str, int]]


def names(printed: str) -> set[str]:
    """What one of the scripts printed."""
    return set(json.loads(printed))


@contextlib.contextmanager
def stranger(cluster: Cluster, namespace: str, image: str) -> Iterator[str]:
    """A pod that no UseCase declares, as strict as the strictest namespace asks; gone with the block."""
    name = f"t-stranger-{uuid.uuid4().hex[:5]}"
    cluster.apply(_pod(name, image), namespace=namespace)
    try:
        cluster.kubectl("--namespace", namespace, "wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
        yield name
    finally:
        cluster.kubectl("--namespace", namespace, "delete", "pod", name, "--wait=false")


@contextlib.contextmanager
def namespace_of_that_name(cluster: Cluster, name: str) -> Iterator[str]:
    """The namespace *name*: somebody's, who keeps it, or made for the block."""
    there = f"namespace/{name}" in cluster.kubectl("get", "namespaces", "--output", "name").split()
    if not there:
        cluster.kubectl("create", "namespace", name)
    try:
        yield name
    finally:
        if not there:
            cluster.kubectl("delete", "namespace", name, "--wait=false")


def _pod(name: str, image: str) -> dict[str, Any]:
    closed = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
    spec = {
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "main", "image": image, "securityContext": closed}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
