"""The kind cluster itself: made, found again, repaired, deleted. kind is the only provider.

A cluster counts as made only when its last step has left its mark (`cluster.mark`); one without is the rest of an
interrupted run and is made anew. Knows nothing of what runs on the cluster.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster import mark
from cluster.errors import ClusterError
from cluster.progress import Progress
from cluster.settings import API_NODE_PORT, DEFAULT_API_PORT, Settings

BACK_SECONDS = 90


@dataclass(frozen=True)
class Tools:
    """Executables at versions that fit each other."""

    kind: Path
    kubectl: Path
    helm: Path


class Kind:
    """One named cluster, and the commands on it. Every kubectl and helm call names its context."""

    def __init__(self, progress: Progress, settings: Settings, tools: Tools) -> None:
        self.progress = progress
        self.settings = settings
        self.tools = tools

    def kubectl(self, *arguments: str, stdin: str | None = None, timeout: float = 120, quiet: bool = False) -> str:
        command: list[str | Path] = [self.tools.kubectl, "--context", self.settings.context, *arguments]
        return self.progress.run(command, stdin=stdin, timeout=timeout, quiet=quiet)

    def helm(self, *arguments: str, timeout: float = 600) -> str:
        return self.progress.run(
            [self.tools.helm, "--kube-context", self.settings.context, *arguments], timeout=timeout
        )

    def nodes(self) -> list[str]:
        return nodes(self.progress, self.settings.cluster)

    def resume(self) -> None:
        """Go on with a finished cluster: started and answering; ClusterError where it does not answer any more."""
        self._start(self.nodes())
        if not self._answers(BACK_SECONDS):
            raise ClusterError(
                f"cluster {self.settings.cluster} is there but its API server gave no answer for {BACK_SECONDS} s; "
                "`make cluster-down` and `make cluster` make it anew (what is stored in it is lost)"
            )
        with self._users_context():
            self.progress.run([self.tools.kind, "export", "kubeconfig", "--name", self.settings.cluster])

    def in_node(self, node: str, script: str, stdin: str | None = None) -> str:
        flags = ["--interactive"] if stdin is not None else []
        return self.progress.run(["docker", "exec", *flags, node, "sh", "-euc", script], stdin=stdin)

    def api_port(self) -> int:
        """The host port that reaches node port 30080."""
        made = mark.read(self.settings.cluster)
        if made is None:
            raise missing(self.settings.cluster)
        return made.api_port

    def create(self, image: str, *, home_made: bool) -> None:
        """A new cluster on that node image; the rest of an interrupted run is taken away first."""
        if self.nodes():
            with self.progress.step("remove a half-made cluster", "5 s"):
                delete(self.progress, self.settings.cluster, self.tools.kind)
        port = free_port(self.settings)
        config = json.dumps(_config(self.settings, port, home_made=home_made))
        workers = self.settings.workers
        with self.progress.step(f"create the cluster, 1 + {workers} nodes", "25 s" if workers == 0 else "50 s"):
            create = ["create", "cluster", "--name", self.settings.cluster, "--image", image, "--config", "-"]
            with self._users_context():
                self.progress.run([self.tools.kind, *create], stdin=config)
        made = mark.Mark(port, workers, image, self.settings.kubernetes_version)
        self.in_node(self.nodes()[0], mark.WRITE, stdin=made.text())

    @contextmanager
    def _users_context(self) -> Iterator[None]:
        """kind makes each context that it writes the current one; who had chosen another keeps it."""
        config: list[str | Path] = [self.tools.kubectl, "config"]
        chosen = self.progress.run([*config, "view", "--output", "jsonpath={.current-context}"])
        yield
        if chosen:
            self.progress.run([*config, "set", "current-context", chosen])

    def _start(self, nodes: list[str]) -> None:
        running = self.progress.run(["docker", "ps", "--format", "{{.Names}}"]).split()
        if stopped := [node for node in nodes if node not in running]:
            with self.progress.step(f"start {len(stopped)} stopped nodes", "20 s"):
                self.progress.run(["docker", "start", *stopped])

    def _answers(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        node = self.nodes()[0]
        probe = [
            "docker",
            "exec",
            node,
            "kubectl",
            "--kubeconfig",
            "/etc/kubernetes/admin.conf",
            "get",
            "--raw",
            "/readyz",
        ]
        while subprocess.run(probe, capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.5)
        return True


def nodes(progress: Progress, cluster: str) -> list[str]:
    """Names of the cluster's node containers, running or not, control plane first."""
    label = f"label=io.x-k8s.kind.cluster={cluster}"
    command = ["docker", "ps", "--all", "--filter", label, "--format", "{{.Names}}"]
    return sorted(progress.run(command).split(), key=lambda name: ("control-plane" not in name, name))


def missing(cluster: str) -> ClusterError:
    return ClusterError(f"no cluster {cluster}: run `make cluster` first")


def delete(progress: Progress, cluster: str, kind: Path) -> None:
    """Take away the nodes, their volumes and the kubeconfig entry; nothing there is success."""
    progress.run([kind, "delete", "cluster", "--name", cluster])


def free_port(settings: Settings) -> int:
    """The port asked for if nobody listens on it, else any free one where none was asked for."""
    port = settings.api_port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port or 0))
        except OSError as error:
            other = DEFAULT_API_PORT + 1 if port == DEFAULT_API_PORT else DEFAULT_API_PORT
            raise ClusterError(
                f"API_PORT={port}: {error.strerror} on 127.0.0.1; choose a free one, as in API_PORT={other}"
            ) from error
        return int(probe.getsockname()[1])


# containerd 2.4 reads the usage of each container once a second unless told otherwise, which takes a fifth of two cores
# with three nodes. The kubelet asks every ten seconds.
CONTAINERD = """
[plugins."io.containerd.cri.v1.runtime"]
  stats_collect_period = "10s"
"""


def _config(settings: Settings, api_port: int, *, home_made: bool) -> dict[str, object]:
    """kind's own configuration (kind.x-k8s.io/v1alpha4)."""
    kubelet: dict[str, object] = {"kind": "KubeletConfiguration"}
    if not Path("/sys/fs/cgroup/cgroup.controllers").exists():
        kubelet["failCgroupV1"] = False  # kubelet ≥ 1.35 refuses a cgroup v1 host otherwise
    port = {
        "containerPort": API_NODE_PORT,
        "hostPort": api_port,
        "listenAddress": "127.0.0.1",
        "protocol": "TCP",
    }
    nodes: list[dict[str, object]] = [{"role": "control-plane", "extraPortMappings": [port]}]
    nodes += [{"role": "worker"} for _ in range(settings.workers)]
    # No kindnet without a registry: cluster/pod_network.py wires the pods of the home-made node.
    networking = {"disableDefaultCNI": True, "kubeProxyMode": "nftables"} if home_made else {}
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": networking,
        "kubeadmConfigPatches": [json.dumps(kubelet)],
        "containerdConfigPatches": [CONTAINERD],
        "nodes": nodes,
    }
