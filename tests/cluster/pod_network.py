"""Pods reach each other on home-made nodes: a CNI configuration per node, a route to every other node's pods.

Stock nodes bring kindnet and need none of this. Run at each bring-up, since routes are gone when a node restarts.
"""

import json
from pathlib import Path

from cluster import polling
from cluster.kind import Kind

AGENT = Path(__file__).parent / "netpol" / "daemonset.json"
CONFLIST = "/etc/cni/net.d/10-pods.conflist"


def ensure(kind: Kind, agent_image: str) -> None:
    """Wire the nodes, then start the agent that enforces NetworkPolicy."""
    nodes = polling.eventually(lambda: _nodes(kind), timeout=60, what="every node to be given addresses for its pods")
    for name, (_, pods) in nodes.items():
        routes = [f"ip route replace {other} via {address}" for peer, (address, other) in nodes.items() if peer != name]
        script = "\n".join([f"cat > {CONFLIST}.new && mv {CONFLIST}.new {CONFLIST}", *routes])
        kind.in_node(name, script, stdin=json.dumps(_conflist(pods)))
    agent = AGENT.read_text().replace('"IMAGE"', json.dumps(agent_image))
    kind.kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", stdin=agent)


def _nodes(kind: Kind) -> dict[str, tuple[str, str]]:
    """Node → its address and its pods' network; empty while the controller manager has not given all of them one.

    Only nodes that are containers: KWOK's have no network to wire.
    """
    listed = json.loads(kind.kubectl("get", "nodes", *kind.nodes(), "--output", "json", quiet=True))
    items = listed["items"] if listed["kind"] == "List" else [listed]
    if not all("podCIDR" in node["spec"] for node in items):
        return {}
    addresses = _addresses(kind)
    return {node["metadata"]["name"]: (addresses[node["metadata"]["name"]], node["spec"]["podCIDR"]) for node in items}


def _conflist(pods: str) -> dict[str, object]:
    """ptp: all pod traffic, even inside one node, passes the node's forward hook, where policies are enforced."""
    ipam = {"type": "host-local", "ranges": [[{"subnet": pods}]], "routes": [{"dst": "0.0.0.0/0"}]}
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": ipam},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _addresses(kind: Kind) -> dict[str, str]:
    """Node → its address as the engine gave it: after a restart the API says the one before for a while."""
    form = "{{slice .Name 1}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    listed = kind.progress.run(["docker", "inspect", "--format", form, *kind.nodes()])
    return dict(line.split() for line in listed.splitlines())
