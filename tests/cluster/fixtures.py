"""What tests reach the cluster by: the cluster, a namespace each, port-forwards, the last words of what failed.

The e2e and integration rooms use these; nothing here uses whatever kubeconfig context is current.
"""

import contextlib
import json
import re
import socket
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cluster import bringup, evidence, images, registry
from cluster.errors import ClusterError
from cluster.polling import eventually


@dataclass(frozen=True)
class Cluster:
    """The kind cluster under test. Every call names its context."""

    context: str
    kubectl_path: Path
    helm_path: Path
    references: dict[str, str]

    def kubectl(self, *arguments: str, input: str | None = None) -> str:
        """Standard output of kubectl; ClusterError with its standard error where it fails."""
        return _output([str(self.kubectl_path), "--context", self.context, *arguments], input)

    def helm(self, *arguments: str) -> str:
        return _output([str(self.helm_path), "--kube-context", self.context, *arguments], None)

    def apply(self, *manifests: dict[str, Any], namespace: str = "default") -> None:
        """Server-side apply of *manifests* into *namespace*."""
        body = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        self.kubectl("--namespace", namespace, "apply", "--server-side", "--filename", "-", input=body)

    def get(self, *arguments: str) -> Any:
        """The object or list that `kubectl get` answers, as data."""
        return json.loads(self.kubectl("get", *arguments, "--output", "json"))

    def nodes(self) -> list[str]:
        """Names of the nodes that take ordinary pods, in order."""
        items = self.get("nodes")["items"]
        workers = [node for node in items if not node["spec"].get("taints")]
        return sorted(node["metadata"]["name"] for node in workers)

    @contextlib.contextmanager
    def port_forward(self, namespace: str, target: str, port: int) -> Iterator[int]:
        """A free loopback port that reaches *port* of *target* ("service/x", "pod/y") while the block runs."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            local = int(probe.getsockname()[1])
        command = [str(self.kubectl_path), "--context", self.context, "--namespace", namespace]
        forward = subprocess.Popen(
            [*command, "port-forward", target, f"{local}:{port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            eventually(lambda: _listens(local, forward), timeout=30, what=f"port-forward to {target}")
            yield local
        finally:
            forward.terminate()
            forward.communicate()


def _listens(port: int, forward: subprocess.Popen[bytes]) -> bool:
    if forward.poll() is not None:
        raise AssertionError(f"port-forward ended: {(forward.stderr.read() if forward.stderr else b'').decode()}")
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _output(command: list[str], stdin: str | None) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=660, check=False)
    if done.returncode:
        raise ClusterError(f"`{' '.join(command[:9])}`: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def reached() -> Cluster:
    """The running cluster with every image of the project on its nodes; brought up where it is not."""
    bringup.up()
    bringup.images()
    kind = bringup.running()
    cache = kind.settings.cache
    references = images.build_all(kind.progress, cache, registry=registry.answers())
    return Cluster(kind.settings.context, kind.tools.kubectl, kind.tools.helm, dict(references))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    found = reached()
    request.config.stash[evidence.CLUSTER] = found
    return found


@pytest.fixture(scope="session")
def helm_path(cluster: Cluster) -> Path:
    """A Helm that is recent enough."""
    return cluster.helm_path


@pytest.fixture(scope="session")
def probe_image(cluster: Cluster) -> str:
    """An image with Python and a driver for each backend, for client pods of tests."""
    return cluster.references["probe"]


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own."""
    stem = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.removeprefix("test_").lower())[:40].strip("-")
    name = f"t-{stem}-{uuid.uuid4().hex[:5]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
