"""The mirror of everything the operator has made: for each child its hash, who owns its fields, and its state.

Keeps no objects: some 500 bytes a child, as what many children have in common is kept once. Keyed by the UID of the
owning UseCase, so that a pass finds its children and a change finds the UseCase to wake. Older versions never replace
newer ones, nor bring back what has been deleted since: the answer to our own write arrives beside the watch.
"""

import base64
import binascii
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any

from usecase_operator.cluster.fields import owned, packed
from usecase_operator.metadata import HASH
from usecase_operator.replicas import last_scaler, operator_claims
from usecase_operator.workload import Trouble, Workload, autoscaler_trouble, scaled_object_trouble, workload

# Keys of the Secrets that the operator makes (render.secret, render.keda).
AMQP_KEY = "uri"
HOST_KEY = "host"
# Deletions that are remembered. An answer that is older than one comes seconds after it at most.
DELETIONS = 1000

Json = dict[str, Any]
Key = tuple[str, str]


@dataclass(slots=True)
class Child:
    """*fields*: what our last apply owns (`fields.packed`). *checked*: the hash for which those fields were found
    complete; so the comparison is made once for each change. *said*: a Deployment's workload, an autoscaler's
    trouble, the value of a Secret of ours. *dismissed*: we have deleted it ourselves. *claims_replicas*, *scaled_by*:
    who owns a Deployment's number.
    """

    uid: str
    namespace: str
    version: int
    hash: str | None
    fields: bytes
    said: Workload | Trouble | str | None = None
    claims_replicas: bool = False
    scaled_by: str | None = None
    deleting: bool = False
    dismissed: bool = False
    checked: str | None = None


class Children:
    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._owned: dict[str, dict[Key, Child]] = {}
        self._owners: dict[str, tuple[str, Key]] = {}
        self._lost: dict[str, set[Key]] = {}
        self._deleted: dict[str, int] = {}

    def of(self, owner: str) -> Mapping[Key, Child]:
        return self._owned.get(owner, {})

    def was_lost(self, owner: str, key: Key) -> bool:
        """Whether somebody else has deleted this child of *owner* since we watch."""
        return key in self._lost.get(owner, ())

    def put(self, obj: Json) -> None:
        """An object as it is now, from a watch or from the answer to a write."""
        metadata = obj["metadata"]
        if int(metadata["resourceVersion"]) <= self._deleted.get(metadata["uid"], -1):
            return
        owner = owner_of(obj)
        known = self._owners.get(metadata["uid"])
        if known and known[0] != owner:
            if self._owned[known[0]][known[1]].version >= int(metadata["resourceVersion"]):
                return  # from before we took it over
            self.forget(metadata["uid"])
        if owner is None:
            return
        owner, key = intern(owner), (intern(obj["kind"]), metadata["name"])
        children = self._owned.setdefault(owner, {})
        before = children.get(key)
        same = before if before and before.uid == metadata["uid"] else None
        after = _child(obj, same.said if same else None)
        if same:
            if same.version >= after.version:
                return
            if same.fields == after.fields:
                after.fields, after.checked = same.fields, same.checked
            after.dismissed = same.dismissed
        elif owner in self._lost:
            self._lost[owner].discard(key)
        children[key] = after
        self._owners[after.uid] = (owner, key)
        if before is None or _shown(before) != _shown(after):
            self._changed(owner)

    def dismiss(self, uid: str, *, gone: bool) -> None:
        """We delete it ourselves; or, if not *gone*, we could not."""
        if known := self._owners.get(uid):
            self._owned[known[0]][known[1]].dismissed = gone

    def remove(self, obj: Json) -> None:
        """*obj* is gone, or left what a watch selects: then it may come back, as a newer version."""
        metadata = obj["metadata"]
        self._deleted[metadata["uid"]] = int(metadata["resourceVersion"])
        if len(self._deleted) > DELETIONS:
            del self._deleted[next(iter(self._deleted))]
        self.forget(metadata["uid"])

    def forget(self, uid: str) -> None:
        found = self._owners.pop(uid, None)
        if not found:
            return
        owner, key = found
        children = self._owned.get(owner, {})
        if (child := children.get(key)) and child.uid == uid:
            del children[key]
            if not child.dismissed:
                self._lost.setdefault(owner, set()).add(key)
        if not children:  # the end of the use case, as a rule; what it lost is kept, for it may be none
            self._owned.pop(owner, None)
        self._changed(owner)

    def abandon(self, owner: str) -> None:
        """*owner* is gone: what Kubernetes deletes after it may be told by no watch any more."""
        for child in self._owned.pop(owner, {}).values():
            self._owners.pop(child.uid, None)
        self._lost.pop(owner, None)

    def forget_all_but(self, owners: Collection[str]) -> None:
        """What was lost matters while there is somebody to miss it."""
        self._lost = {owner: keys for owner, keys in self._lost.items() if owner in owners}

    def uids(self, kind: str, namespace: str | None) -> set[str]:
        """All known UIDs of *kind*, of one namespace or of all."""
        return {
            child.uid
            for children in self._owned.values()
            for key, child in children.items()
            if key[0] == kind and namespace in (None, child.namespace)
        }


@dataclass(frozen=True, slots=True)
class ChildrenOfKind:
    """The sink of one watch: a list that was streamed anew drops what is gone, of its kind and scope only."""

    children: Children
    kind: str
    namespace: str | None

    def put(self, obj: Json) -> None:
        obj.setdefault("kind", self.kind)
        self.children.put(obj)

    def remove(self, obj: Json) -> None:
        self.children.remove(obj)

    def keep_only(self, uids: set[str]) -> None:
        for uid in self.children.uids(self.kind, self.namespace) - uids:
            self.children.forget(uid)


def owner_of(obj: Json) -> str | None:
    """UID of the UseCase that controls *obj*."""
    for reference in obj["metadata"].get("ownerReferences", ()):
        if reference.get("controller") and reference["kind"] == "UseCase":
            uid: str = reference["uid"]
            return uid
    return None


def _child(obj: Json, before: Workload | Trouble | str | None) -> Child:
    metadata = obj["metadata"]
    managed = metadata.get("managedFields", ())
    scaled = obj["kind"] == "Deployment"
    return Child(
        uid=metadata["uid"],
        namespace=intern(metadata["namespace"]),
        version=int(metadata["resourceVersion"]),
        hash=metadata.get("annotations", {}).get(HASH),
        fields=packed(owned(obj)),
        said=_said(obj, before),
        claims_replicas=scaled and operator_claims(managed),
        scaled_by=last_scaler(managed) if scaled else None,
        deleting="deletionTimestamp" in metadata,
    )


def _said(obj: Json, before: Workload | Trouble | str | None) -> Workload | Trouble | str | None:
    match obj["kind"]:
        case "Deployment":
            return workload(obj, before if isinstance(before, Workload) else None)
        case "HorizontalPodAutoscaler":
            return autoscaler_trouble(obj)
        case "ScaledObject":
            return scaled_object_trouble(obj)
        case "Secret":
            data = obj.get("data", {})
            value = data.get(AMQP_KEY) or data.get(HOST_KEY)
            return _text(value) if value else None
    return None


def _text(value: str) -> str | None:
    """The text of a Secret's value; None if somebody put something else there."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _shown(child: Child) -> tuple[Any, ...]:
    """What a pass looks at; anything else that changes wakes nobody."""
    return child.uid, child.hash, child.fields, child.said, child.deleting, child.claims_replicas, child.scaled_by
