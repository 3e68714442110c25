"""What is kept of a failed test: logs of every container, Events and objects of the namespaces that tests work in.

The report hook calls it before anything is torn down. It waits for nobody long and never fails itself: the test's own
failure is what is to be read.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import pytest

from cluster.errors import ClusterError
from cluster.stack import NAMESPACE, OPERATOR_NAMESPACE

KINDS = (
    "pods,deployments,statefulsets,services,networkpolicies,persistentvolumeclaims,horizontalpodautoscalers,jobs,events"
)
DEFINED = ("usecases", "scaledobjects")  # each asked for alone: not every cluster knows them
MADE_BY_TESTS = ("t-", "op-")
DEPLOYED = (OPERATOR_NAMESPACE, NAMESPACE)
ENOUGH_SECONDS = 60
LAST_EVENTS = 10
JSON = ("--output", "json")


class Kubectl(Protocol):
    """As much of a cluster as this needs."""

    def kubectl(self, *arguments: str) -> str: ...


CLUSTER = pytest.StashKey[Kubectl]()  # of the session, once it is up


def of_failed(item: pytest.Item, report: pytest.TestReport, folder: Path) -> None:
    """Called by the report hook: keep the evidence of a test on the cluster that has just failed."""
    cluster = item.config.stash.get(CLUSTER, None)
    if report.failed and cluster is not None and "cluster" in getattr(item, "fixturenames", ()):
        kept = keep(cluster, folder / re.sub(r"[^A-Za-z0-9]+", "-", item.name).strip("-")[:80])
        report.sections.append(("Kept of the cluster", kept))


def keep(cluster: Kubectl, folder: Path) -> str:
    """Write what each namespace has to say into *folder*, the newest first; where it is, and the last Events."""
    said = []
    deadline = time.monotonic() + ENOUGH_SECONDS
    for namespace in _namespaces(_ask(cluster, "get", "namespaces", "--sort-by=.metadata.creationTimestamp", *JSON)):
        if time.monotonic() > deadline:
            said.append(f"no evidence of {namespace}: {ENOUGH_SECONDS} s were spent on others")
        else:
            said.append(_keep(cluster, namespace, folder / namespace))
    return "\n".join(said)


def _namespaces(listed: str) -> Iterable[str]:
    names = [item["metadata"]["name"] for item in reversed(_items(listed))]
    return [name for name in names if name.startswith(MADE_BY_TESTS)] + [name for name in names if name in DEPLOYED]


def _keep(cluster: Kubectl, namespace: str, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)

    def save(file: str, *arguments: str) -> str:
        text = _ask(cluster, "--namespace", namespace, *arguments)
        (folder / file).write_text(text)
        return text

    save("objects.yaml", "get", KINDS, "--output", "yaml")
    for kind in DEFINED:
        save(f"{kind}.yaml", "get", kind, "--output", "yaml")
    save("pods.txt", "describe", "pods")
    events = save("events.txt", "get", "events", "--sort-by=.lastTimestamp")
    for pod in _items(save("pods.json", "get", "pods", *JSON)):
        name = pod["metadata"]["name"]
        save(f"{name}.log", "logs", name, "--all-containers", "--prefix")
        for container in _restarted(pod):
            save(f"{name}-{container}-previous.log", "logs", name, "--container", container, "--previous")
    return "\n".join([f"{namespace}: {folder}; its last Events:", *events.splitlines()[-LAST_EVENTS:]])


def _restarted(pod: dict[str, Any]) -> list[str]:
    status = pod.get("status", {})
    states = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    return [state["name"] for state in states if state["restartCount"]]


def _items(listed: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(listed)["items"]
    except ValueError:  # what is written is why it could not be listed
        return []
    return found


def _ask(cluster: Kubectl, *arguments: str) -> str:
    """The answer, or why there is none."""
    try:
        return cluster.kubectl("--request-timeout=15s", *arguments)
    except (ClusterError, OSError, subprocess.SubprocessError) as error:
        return f"{error}\n"
