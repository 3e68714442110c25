"""What a cluster gets only when asked: KEDA (`make cluster-keda`) scales, KWOK (`make cluster-kwok`) plays nodes."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.fixtures import Cluster
from cluster.polling import eventually

ROOT = Path(__file__).parents[2]
NODE = "kwok-on-demand"


def make(target: str) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_keda_scales_a_deployment(cluster: Cluster, namespace: str, probe_image: str) -> None:
    make("cluster-keda")
    cluster.apply(sleeper(probe_image), always(2), namespace=namespace)

    def scaled() -> bool:
        return cluster.get("deployment", "sleeper", "--namespace", namespace)["spec"]["replicas"] == 2

    eventually(scaled, timeout=90, what="KEDA to ask for two replicas")
    cluster.kubectl("--namespace", namespace, "delete", "scaledobject", "sleeper", "--timeout=60s")


@pytest.fixture
def kwok_node(cluster: Cluster) -> Iterator[str]:
    make("cluster-kwok")
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": NODE,
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"kubernetes.io/hostname": NODE},
            },
            "spec": {"taints": [{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}]},
        }
    )
    yield NODE
    cluster.kubectl("delete", "node", NODE)


def test_kwok_plays_a_node_and_its_pods(cluster: Cluster, namespace: str, kwok_node: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "played"},
        "spec": {
            "nodeName": kwok_node,
            "automountServiceAccountToken": False,
            "containers": [{"name": "main", "image": "registry.example/never-pulled:1"}],
        },
    }
    cluster.apply(pod, namespace=namespace)
    cluster.kubectl("wait", f"node/{kwok_node}", "--for=condition=Ready", "--timeout=60s")
    cluster.kubectl("--namespace", namespace, "wait", "pod/played", "--for=condition=Ready", "--timeout=60s")


def sleeper(image: str) -> dict[str, Any]:
    labels = {"app": "sleeper"}
    container = {"name": "main", "image": image, "command": ["sleep", "infinity"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "sleeper"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
            },
        },
    }


def always(replicas: int) -> dict[str, Any]:
    """A scaler that needs no server: two windows of time of which one is always open."""
    windows = [("0 0 * * *", "59 23 * * *"), ("0 12 * * *", "59 11 * * *")]
    triggers = [
        {
            "type": "cron",
            "metadata": {"timezone": "Etc/UTC", "start": start, "end": end, "desiredReplicas": str(replicas)},
        }
        for start, end in windows
    ]
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "sleeper"},
        "spec": {
            "scaleTargetRef": {"name": "sleeper"},
            "minReplicaCount": 1,
            "maxReplicaCount": 3,
            "pollingInterval": 5,
            "triggers": triggers,
        },
    }
