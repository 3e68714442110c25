"""What a use case has in the cluster and in its broker, without what differs from one deployment to the next.

Two snapshots are equal when the same spec led to both: UIDs, versions, addresses, passwords and what follows from
them are left out, the namespace's name is replaced.
"""

import json
from typing import Any

import httpx

from cluster.backends import Running
from integration.operator.broker_access import connection_to
from integration.operator.world import World

KINDS = (
    "deployments.apps",
    "services",
    "serviceaccounts",
    "secrets",
    "networkpolicies",
    "ingresses",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
)
# Only where KEDA is installed.
KEDA = ("scaledobjects.keda.sh", "triggerauthentications.keda.sh")
OURS = "app.kubernetes.io/managed-by=usecase-operator"
# Hashes follow from passwords, the revision of a roll-out from how often there was one.
VOLATILE = ("usecase.dev/hash", "usecase.dev/revision", "usecase.dev/config", "deployment.kubernetes.io/revision")
GIVEN_BY_SERVER = ("clusterIP", "clusterIPs")

Json = Any


def objects(world: World, usecase: str, *, keda: bool = False) -> dict[str, Json]:
    """`Kind/name` → object."""
    selector = f"{OURS},app.kubernetes.io/instance={usecase}"
    kinds = (*KINDS, *KEDA) if keda else KINDS
    found = world.get(",".join(kinds), "--selector", selector)["items"]
    return {f"{each['kind']}/{each['metadata']['name']}": _object(each, world.namespace) for each in found}


def broker(world: World, usecase: str, rabbitmq: Running) -> dict[str, Json]:
    """Section → what it holds for the use case; empty if nothing is left of it."""
    connection = connection_to(rabbitmq)
    auth = (connection.username, connection.password)
    definitions = httpx.get(f"{connection.management}/api/definitions", auth=auth, timeout=30).json()
    vhost = f"{world.namespace}.{usecase}"
    found = {
        section: [_entry(each, world.namespace) for each in definitions[section] if each.get("vhost") == vhost]
        for section in ("permissions", "policies", "exchanges", "queues", "bindings")
    }
    found["vhosts"] = [_entry(each, world.namespace) for each in definitions["vhosts"] if each["name"] == vhost]
    users = [each for each in definitions["users"] if each["name"].startswith(f"{vhost}.")]
    found["users"] = [_entry(each, world.namespace) for each in users]
    return {section: sorted(entries, key=_text) for section, entries in found.items() if entries}


def remove_kept(world: World, usecase: str, rabbitmq: Running) -> None:
    """What the broker keeps of a use case that is gone, as its `deletionPolicy` asked."""
    connection = connection_to(rabbitmq)
    vhost = f"{connection.management}/api/vhosts/{world.namespace}.{usecase}"
    answer = httpx.delete(vhost, auth=(connection.username, connection.password), timeout=30)
    assert answer.status_code in (204, 404), answer.text


def _object(found: Json, namespace: str) -> Json:
    metadata = found["metadata"]
    kept = {
        # KEDA puts one of its own on what it works with.
        "labels": {key: value for key, value in metadata.get("labels", {}).items() if "keda.sh/" not in key},
        "annotations": _steady(metadata.get("annotations", {})),
        "owners": [(each["kind"], each["name"], each.get("controller")) for each in metadata["ownerReferences"]],
    }
    rest = {key: value for key, value in found.items() if key not in ("metadata", "status", "data", "apiVersion")}
    if "data" in found:
        rest["keys"] = sorted(found["data"])
    if "spec" in rest:
        rest["spec"] = _spec(rest["spec"])
    return json.loads(_text({**kept, **rest}).replace(namespace, "NAMESPACE"))


def _spec(spec: Json) -> Json:
    spec = {key: value for key, value in spec.items() if key not in GIVEN_BY_SERVER}
    if "template" in spec:
        metadata = spec["template"]["metadata"]
        spec["template"]["metadata"] = {**metadata, "annotations": _steady(metadata.get("annotations", {}))}
    return spec


def _steady(annotations: Json) -> Json:
    return {key: value for key, value in annotations.items() if key not in VOLATILE}


def _entry(found: Json, namespace: str) -> Json:
    kept = {key: value for key, value in found.items() if key not in ("password_hash", "metadata")}
    if "tags" in kept:
        kept["tags"] = sorted(each for each in kept["tags"] if not each.startswith("uid."))
    return json.loads(_text(kept).replace(namespace, "NAMESPACE"))


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True)
