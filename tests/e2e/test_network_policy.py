"""NetworkPolicy is enforced, on one node and across nodes, and leaves the kubelet's probes alone.

A server and a client pod; the client asks until the answer is the one expected, since a policy takes a moment to
reach the nodes. Both directions of each claim are tried: what is allowed passes, what is not is refused.
"""

from typing import Any

import pytest

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually

SERVE = """
import http.server, threading
for port in (8080, 8081):
    server = http.server.ThreadingHTTPServer(("", port), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever).start()
"""
ASK = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2); print('answered')"
# Tries to connect all the time from its first moment on, says whether it ever could, and then waits to be read.
TRY = """
import socket, sys, time
end, connected = time.monotonic() + 4, False
while time.monotonic() < end:
    with socket.socket() as client:
        client.settimeout(0.1)
        connected |= client.connect_ex((sys.argv[1], 8080)) == 0
print("connected" if connected else "never", flush=True)
"""
DENY_ALL = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
TO_DNS = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}


@pytest.fixture(params=["on one node", "across nodes"])
def pair(cluster: Cluster, namespace: str, probe_image: str, request: pytest.FixtureRequest) -> str:
    """A namespace with `server` behind a Service of its name, and `client` on the same or another node."""
    nodes = cluster.nodes()
    away = nodes[-1] if request.param == "across nodes" else nodes[0]
    assert request.param == "on one node" or len(nodes) > 1
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server"},
        "spec": {"selector": {"app": "server"}, "ports": [{"name": f"p{p}", "port": p} for p in (8080, 8081)]},
    }
    server = pod("server", probe_image, nodes[0], ["python", "-c", SERVE])
    server["spec"]["containers"][0] |= {
        "readinessProbe": {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 1, "failureThreshold": 1},
        "ports": [{"name": "web", "containerPort": 8080}],
        "workingDir": "/etc",
    }
    client = pod("client", probe_image, away, ["python", "-c", "import signal; signal.pause()"])
    cluster.apply(service, server, client, namespace=namespace)
    ready(cluster, namespace)
    eventually(lambda: reaches(cluster, namespace), timeout=30, what="the client to reach the server without policies")
    return namespace


def test_deny_then_allow_by_pod_label(cluster: Cluster, pair: str) -> None:
    policy(cluster, pair, "deny", DENY_ALL)
    refused(cluster, pair)
    policy(cluster, pair, "client", egress("client", [TO_DNS, {"to": [{"podSelector": app("server")}]}]))
    refused(cluster, pair, "egress alone is half the way")
    policy(cluster, pair, "server", ingress("server", [{"from": [{"podSelector": app("client")}]}]))
    allowed(cluster, pair)
    cluster.kubectl("--namespace", pair, "delete", "networkpolicy", "server")
    refused(cluster, pair, "a deleted policy takes its permission with it")


def test_ports_are_told_apart_by_number_and_by_name(cluster: Cluster, pair: str) -> None:
    policy(cluster, pair, "server", ingress("server", [{"ports": [{"port": "web"}]}]))
    allowed(cluster, pair, port=8080)
    refused(cluster, pair, port=8081)
    policy(cluster, pair, "server", ingress("server", [{"ports": [{"port": 8081, "endPort": 8090}]}]))
    allowed(cluster, pair, port=8081)
    refused(cluster, pair, port=8080)


def test_another_namespace_is_let_in_by_its_label_only(cluster: Cluster, pair: str) -> None:
    name = {"kubernetes.io/metadata.name": pair}
    policy(
        cluster, pair, "server", ingress("server", [{"from": [{"namespaceSelector": {"matchLabels": {"no": "such"}}}]}])
    )
    refused(cluster, pair)
    policy(cluster, pair, "server", ingress("server", [{"from": [{"namespaceSelector": {"matchLabels": name}}]}]))
    allowed(cluster, pair)


def test_a_new_pod_is_closed_from_its_first_moment(cluster: Cluster, pair: str, probe_image: str) -> None:
    """The API server hears of a pod's address later than its first process can use it."""
    server = cluster.get("pod", "server", "--namespace", pair)["status"]["podIP"]
    node = cluster.get("pod", "client", "--namespace", pair)["spec"]["nodeName"]
    for name, spec, expected in (
        ("free", {"podSelector": app("nobody"), "policyTypes": ["Egress"]}, "connected"),
        ("closed", {"podSelector": app("closed"), "policyTypes": ["Egress"]}, "never"),
    ):
        policy(cluster, pair, name, spec)
        late = pod(name, probe_image, node, ["python", "-c", TRY, server])
        late["spec"]["restartPolicy"] = "Never"
        cluster.apply(late, namespace=pair)
        said = eventually(
            lambda pod=name: cluster.kubectl("--namespace", pair, "logs", pod), timeout=60, what=f"what {name} says"
        )
        assert said.strip() == expected


def test_an_address_block_with_an_exception(cluster: Cluster, pair: str) -> None:
    client = cluster.get("pod", "client", "--namespace", pair)["status"]["podIP"]
    everyone = {"ipBlock": {"cidr": "0.0.0.0/0"}}
    policy(cluster, pair, "server", ingress("server", [{"from": [everyone]}]))
    allowed(cluster, pair)
    but_one = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [f"{client}/32"]}}
    policy(cluster, pair, "server", ingress("server", [{"from": [but_one]}]))
    refused(cluster, pair)


def test_probes_from_the_node_pass_under_default_deny(cluster: Cluster, pair: str) -> None:
    policy(cluster, pair, "deny", DENY_ALL)
    refused(cluster, pair)
    # One failed probe makes the pod unready, and probes come every second: a restart of readiness proves the path.
    cluster.kubectl("--namespace", pair, "delete", "pod", "server", "--grace-period=0", "--force")
    again = pod("server", cluster.references["probe"], cluster.nodes()[0], ["python", "-c", SERVE])
    again["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 1}
    again["spec"]["containers"][0]["workingDir"] = "/etc"
    cluster.apply(again, namespace=pair)
    ready(cluster, pair)
    refused(cluster, pair)


def pod(name: str, image: str, node: str, command: list[str]) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "main", "image": image, "command": command}
    spec = {
        "nodeSelector": {"kubernetes.io/hostname": node},
        "terminationGracePeriodSeconds": 0,
        "containers": [container],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def app(name: str) -> dict[str, Any]:
    return {"matchLabels": {"app": name}}


def ingress(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"podSelector": app(name), "policyTypes": ["Ingress"], "ingress": rules}


def egress(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"podSelector": app(name), "policyTypes": ["Egress"], "egress": rules}


def policy(cluster: Cluster, namespace: str, name: str, spec: dict[str, Any]) -> None:
    """Put the policy in the place of the one of that name."""
    manifest = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec}
    cluster.apply(manifest, namespace=namespace)


def ready(cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("--namespace", namespace, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=90s")


def reaches(cluster: Cluster, namespace: str, port: int = 8080, host: str = "server") -> bool:
    url = f"http://{host}:{port}/"
    try:
        answer = cluster.kubectl("--namespace", namespace, "exec", "client", "--", "python", "-c", ASK, url)
    except ClusterError as error:
        if "exit code 1" not in str(error):  # anything else is no answer of the client's
            raise
        return False
    return "answered" in answer


def allowed(cluster: Cluster, namespace: str, port: int = 8080) -> None:
    eventually(lambda: reaches(cluster, namespace, port), timeout=20, what=f"port {port} to be reachable")


def refused(cluster: Cluster, namespace: str, why: str = "", port: int = 8080) -> None:
    """By address: without DNS a name would be refused whatever the policy says of the server."""
    host = cluster.get("service", "server", "--namespace", namespace)["spec"]["clusterIP"]
    eventually(lambda: not reaches(cluster, namespace, port, host), timeout=20, what=f"port {port} to be refused {why}")
