"""What rules must know of a pod, cut out of the API object: a mere change of status wakes nobody.

The API hears of an address when the kubelet next reports, which may be after the pod's first process has started.
For pods of this node the container runtime's CNI cache has it before."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Pod(NamedTuple):
    uid: str
    namespace: str
    labels: Mapping[str, str]
    node: str
    ip: str  # IPv4; empty while unknown
    ports: tuple[tuple[str, str, int], ...]  # name, protocol, number of each named container port
    age: tuple[bool, str]  # sorts who is leaving before who stays, then the older before the newer


def parse(pod: Mapping[str, Any]) -> Pod | None:
    """The pod, or None where policies do not reach: unscheduled, on the node's own network, or finished."""
    meta, spec, status = pod["metadata"], pod["spec"], pod.get("status") or {}
    if not spec.get("nodeName") or spec.get("hostNetwork") or status.get("phase") in ("Succeeded", "Failed"):
        return None
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    ports = [port for c in [*spec["containers"], *sidecars] for port in c.get("ports") or () if "name" in port]
    ip = next((ip["ip"] for ip in status.get("podIPs") or () if ":" not in ip["ip"]), "")
    named = tuple((port["name"], port.get("protocol", "TCP"), port["containerPort"]) for port in ports)
    age = ("deletionTimestamp" not in meta, meta["creationTimestamp"])
    return Pod(meta["uid"], meta["namespace"], meta.get("labels") or {}, spec["nodeName"], ip, named, age)


def addresses(cache: Path) -> dict[str, str]:
    """Pod UID → IPv4 address of each sandbox on this node, out of libcni's results."""
    found = {}
    for file in cache.glob("*-eth0"):
        try:
            entry = json.loads(file.read_bytes())
        except (OSError, ValueError):  # gone again, or not written to its end: the next look has it
            continue
        ips = [ip["address"].partition("/")[0] for ip in entry["result"].get("ips") or ()]
        found[dict(entry["cniArgs"]).get("K8S_POD_UID", "")] = next((ip for ip in ips if ":" not in ip), "")
    return found
