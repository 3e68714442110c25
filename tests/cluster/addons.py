"""What the cluster runs besides Kubernetes: metrics-server always, KEDA and KWOK on demand.

Manifests come from each project's own Go module at the pinned version; images from a registry where one answers,
else built from the same module.
"""

import json

from cluster import pins, polling
from cluster.golang import Go
from cluster.kind import Kind

METRICS_IMAGE = "registry.k8s.io/metrics-server/metrics-server"


# Run in a pod: kube-proxy may need a second after a rollout, so it tries until it succeeds.
PROBE = """
import socket, time
for _ in range(60):
    try:
        socket.create_connection(("kubernetes.default.svc.cluster.local", 443), 2).close()
        raise SystemExit(0)
    except OSError as error:
        last = error
        time.sleep(0.5)
raise SystemExit(f"the API server's Service is not reached by name: {last}")
"""


def metrics_server(kind: Kind, go: Go) -> None:
    """Its own chart. kind's kubelets serve self-signed certificates, hence --kubelet-insecure-tls."""
    values = {
        "image": {"repository": METRICS_IMAGE, "tag": pins.METRICS_SERVER.version},
        "args": ["--kubelet-insecure-tls", "--metric-resolution=15s"],
        "podSecurityContext": {"runAsUser": 1000, "runAsGroup": 1000},
    }
    find = ["list", "--namespace", "kube-system", "--filter", "^metrics-server$", "--output", "json"]
    listed = json.loads(kind.helm(*find))
    if listed and listed[0]["status"] == "deployed":
        return
    chart = go.module(pins.METRICS_SERVER) / "charts" / "metrics-server"
    sets = [item for key, value in values.items() for item in ("--set-json", f"{key}={json.dumps(value)}")]
    kind.helm("upgrade", "--install", "metrics-server", str(chart), "--namespace", "kube-system", *sets)


def ready(kind: Kind, probe_image: str, *, home_made: bool) -> None:
    """Wait until nodes, DNS, Service routing, storage and node metrics answer; ClusterError names what does not."""
    kind.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=120s", timeout=130)
    system = ["deployment/coredns", "deployment/metrics-server"] + (["daemonset/netpol"] if home_made else [])
    for target in system:
        kind.kubectl("--namespace", "kube-system", "rollout", "status", target, "--timeout=120s", timeout=130)
    kind.kubectl("--namespace", "local-path-storage", "rollout", "status", "deployment", "--timeout=120s", timeout=130)
    _from_a_pod(kind, probe_image)
    usage = ["top", "nodes"]
    seen = "metrics-server to have seen every node"
    polling.eventually(lambda: kind.kubectl(*usage, quiet=True), timeout=90, what=seen)


def _from_a_pod(kind: Kind, image: str) -> None:
    """One connection to the API server by its Service's name proves cluster DNS and Service routing in one go."""
    pod = ["run", "usecase-check", "--namespace=default", "--restart=Never", f"--image={image}"]
    kind.kubectl("delete", "pod", "usecase-check", "--namespace=default", "--ignore-not-found", "--now")
    kind.kubectl(*pod, "--command", "--", "python3", "-c", PROBE)
    succeeded = [
        "wait",
        "pod/usecase-check",
        "--namespace=default",
        "--for=jsonpath={.status.phase}=Succeeded",
    ]
    kind.kubectl(*succeeded, "--timeout=60s")
    kind.kubectl("delete", "pod", "usecase-check", "--namespace=default", "--wait=false")
