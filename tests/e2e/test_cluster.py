"""The ground: nodes, metrics, disks that keep their data, and KWOK. What `make cluster` promises."""

from typing import Any

from cluster.fixtures import Cluster
from cluster.polling import eventually


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
    usage = cluster.kubectl("top", "nodes", "--no-headers")
    assert {line.split()[0] for line in usage.splitlines()} >= set(ready)


def test_a_volume_keeps_its_data_over_a_pod_restart(cluster: Cluster, namespace: str, probe_image: str) -> None:
    cluster.apply(
        claim("data"), writer("writer", probe_image, "open('/data/x', 'w').write('kept')"), namespace=namespace
    )
    succeeded(cluster, namespace, "writer")
    cluster.kubectl("--namespace", namespace, "delete", "pod", "writer", "--grace-period=0", "--force")
    cluster.apply(writer("reader", probe_image, "assert open('/data/x').read() == 'kept'"), namespace=namespace)
    succeeded(cluster, namespace, "reader")
    assert cluster.get("pvc", "data", "--namespace", namespace)["status"]["phase"] == "Bound"


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
