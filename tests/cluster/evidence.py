"""What is kept of a failed test: logs of every container, Events and objects of its namespace."""

from pathlib import Path
from typing import Protocol

import pytest

from cluster.errors import ClusterError

FAILED = pytest.StashKey[bool]()
KINDS = "pods,deployments,statefulsets,services,networkpolicies,persistentvolumeclaims,events"


class Kubectl(Protocol):
    """As much of a cluster as this needs."""

    def kubectl(self, *arguments: str) -> str: ...


def remember(item: pytest.Item, report: pytest.TestReport) -> None:
    """Called by the report hook, so that fixtures can ask afterwards."""
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed


def failed(item: pytest.Item) -> bool:
    return item.stash.get(FAILED, False)


def keep(cluster: Kubectl, namespace: str, folder: Path) -> None:
    """Write what the namespace has to say into *folder*, and print where and the Events, which often tell it all."""
    folder.mkdir(parents=True, exist_ok=True)
    _save(cluster, folder / "objects.yaml", "get", KINDS, "--output", "yaml", namespace=namespace)
    _save(cluster, folder / "pods.txt", "describe", "pods", namespace=namespace)
    events = _save(cluster, folder / "events.txt", "get", "events", "--sort-by=.lastTimestamp", namespace=namespace)
    for pod in _save(cluster, folder / "names.txt", "get", "pods", "--output", "name", namespace=namespace).split():
        log = folder / f"{pod.replace('/', '-')}.log"
        _save(cluster, log, "logs", pod, "--all-containers", "--prefix", namespace=namespace)
    print(f"\nevidence of {namespace} is in {folder}; its last Events:\n" + "\n".join(events.splitlines()[-15:]))


def _save(cluster: Kubectl, path: Path, *arguments: str, namespace: str) -> str:
    try:
        text = cluster.kubectl("--namespace", namespace, *arguments)
    except ClusterError as error:
        text = f"{error}\n"
    path.write_text(text)
    return text
