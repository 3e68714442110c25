"""The ground: nodes, metrics, disks that keep their data, and KWOK. What `make cluster` promises."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import Cluster
from cluster.polling import eventually

ROOT = Path(__file__).parents[2]


def test_all_nodes_are_ready_and_their_usage_is_known(cluster: Cluster) -> None:
    nodes = cluster.get("nodes")["items"]
    ready = {
        node["metadata"]["name"]: condition["status"]
        for node in nodes
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready" and "kwok.x-k8s.io/node" not in node["metadata"].get("annotations", {})
    }
    assert len(ready) >= 3
    assert set(ready.values()) == {"True"}

    def usage_is_known() -> bool:
        """metrics-server has just no number for a node whose kubelet it could not ask a moment ago."""
        usage = {line.split()[0]: line for line in cluster.kubectl("top", "nodes", "--no-headers").splitlines()}
        return set(usage) >= set(ready) and not any("<unknown>" in usage[name] for name in ready)

    eventually(usage_is_known, timeout=60, what="the usage of every node")


@pytest.mark.parametrize(("target", "does"), [("images", set()), ("cluster", {"wire", "metrics-server", "wait"})])
def test_run_again_it_does_nothing_that_is_done(cluster: Cluster, tmp_path: Path, target: str, does: set[str]) -> None:
    """Neither builds, pulls, loads nor creates; and who had chosen another context keeps it."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text("apiVersion: v1\nkind: Config\ncurrent-context: mine\n")
    command = ["make", "--no-print-directory", target, f"CLUSTER={cluster.context.removeprefix('kind-')}"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("▸")}
    assert steps <= does
    assert "current-context: mine" in kubeconfig.read_text()


def test_a_volume_keeps_its_data_over_a_pod_restart(cluster: Cluster, namespace: str, probe_image: str) -> None:
    cluster.apply(
        claim("data"), writer("writer", probe_image, "open('/data/x', 'w').write('kept')"), namespace=namespace
    )
    succeeded(cluster, namespace, "writer")
    cluster.kubectl("--namespace", namespace, "delete", "pod", "writer", "--grace-period=0", "--force")
    cluster.apply(writer("reader", probe_image, "assert open('/data/x').read() == 'kept'"), namespace=namespace)
    succeeded(cluster, namespace, "reader")
    assert cluster.get("pvc", "data", "--namespace", namespace)["status"]["phase"] == "Bound"


def test_services_are_found_after_kube_proxy_compared_its_rules(
    cluster: Cluster, namespace: str, probe_image: str
) -> None:
    """It does when it starts again, as it does once an hour."""
    cluster.kubectl("--namespace", "kube-system", "rollout", "restart", "daemonset/kube-proxy")
    cluster.kubectl("--namespace", "kube-system", "rollout", "status", "daemonset/kube-proxy", "--timeout=90s")
    asked = "import socket; socket.create_connection(('kubernetes.default.svc', 443), 10)"
    pod = {
        "restartPolicy": "OnFailure",
        "containers": [{"name": "main", "image": probe_image, "command": ["python", "-c", asked]}],
    }
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asks"}, "spec": pod}, namespace=namespace)
    succeeded(cluster, namespace, "asks")


def claim(name: str) -> dict[str, Any]:
    """A claim that names no class: the cluster has a default one."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}},
    }


def writer(name: str, image: str, code: str) -> dict[str, Any]:
    """A pod that runs *code* once with the claim at /data."""
    container = {
        "name": "main",
        "image": image,
        "command": ["python", "-c", code],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    spec = {"restartPolicy": "Never", "containers": [container], "volumes": [volume]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def succeeded(cluster: Cluster, namespace: str, pod: str) -> None:
    def ended() -> bool:
        phase = cluster.get("pod", pod, "--namespace", namespace)["status"]["phase"]
        assert phase != "Failed", cluster.kubectl("--namespace", namespace, "logs", pod)
        return phase == "Succeeded"

    eventually(ended, timeout=90, what=f"pod {pod} to succeed")
