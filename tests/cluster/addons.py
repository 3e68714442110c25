"""What the cluster runs besides Kubernetes: metrics-server always, KEDA and KWOK on demand.

Manifests come from each project's own Go module at the pinned version; images from a registry where one answers,
else built from the same module.
"""

import json

from cluster import pins, polling
from cluster.errors import ClusterError
from cluster.golang import Go
from cluster.kind import Kind

METRICS_IMAGE = "registry.k8s.io/metrics-server/metrics-server"
POD_SECONDS = 120  # where a registry answers, its image is pulled first


# Run in a pod: kube-proxy may need a second after a rollout, so it tries until it succeeds.
PROBE = """
import socket, time
for _ in range(40):
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
    here, forget = ["--namespace", "default"], ["delete", "pod", "usecase-check", "--ignore-not-found"]
    kind.kubectl(*here, *forget, "--now")
    run = ["run", "usecase-check", "--restart=Never", f"--image={image}"]
    kind.kubectl(*here, *run, "--command", "--", "python3", "-c", PROBE)
    show = ["get", "pod", "usecase-check", "--output", "jsonpath={.status.phase}"]

    def ended() -> str:
        phase = kind.kubectl(*here, *show, quiet=True)
        return phase if phase in ("Succeeded", "Failed") else ""

    phase = polling.eventually(ended, timeout=POD_SECONDS, what="pod usecase-check to reach the API server by name")
    if phase == "Failed":
        raise ClusterError(kind.kubectl(*here, "logs", "usecase-check").strip())
    kind.kubectl(*here, *forget, "--wait=false")
