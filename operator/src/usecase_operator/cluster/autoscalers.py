"""Autoscalers that others made: a foreign one on our Deployment fights with whoever decides its number.

HPAs are therefore watched without a selector; ours go on to the children, KEDA's own are KEDA's business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from usecase_operator.cluster.children import ChildrenOfKind, owner_of

Json = dict[str, Any]
Target = tuple[str, str]


class ForeignAutoscalers:
    """Deployment (namespace, name) → name of the foreign HPA on it."""

    def __init__(self, changed: Callable[[Target], None]) -> None:
        self._changed = changed
        self._by_uid: dict[str, tuple[Target, str]] = {}

    def on(self, namespace: str, deployment: str) -> str | None:
        return next((name for target, name in self._by_uid.values() if target == (namespace, deployment)), None)

    def put(self, obj: Json) -> None:
        metadata = obj["metadata"]
        found = _foreign(obj)
        if self._by_uid.get(metadata["uid"]) == found:
            return
        self.forget(metadata["uid"])  # another Deployment is free of it now
        if found:
            self._by_uid[metadata["uid"]] = found
            self._changed(found[0])

    def forget(self, uid: str) -> None:
        if found := self._by_uid.pop(uid, None):
            self._changed(found[0])

    def keep_only(self, uids: set[str], namespace: str | None) -> None:
        for uid, ((of, _), _) in list(self._by_uid.items()):
            if uid not in uids and namespace in (None, of):
                self.forget(uid)


@dataclass(frozen=True, slots=True)
class AutoscalersOfScope:
    """The sink of one watch on HPAs."""

    ours: ChildrenOfKind
    foreign: ForeignAutoscalers

    def put(self, obj: Json) -> None:
        """Whose it is may change: adopted, or robbed of its owner."""
        self.ours.put(obj)
        if owner_of(obj) or _made_by_keda(obj):
            self.foreign.forget(obj["metadata"]["uid"])
        else:
            self.foreign.put(obj)

    def remove(self, obj: Json) -> None:
        self.ours.remove(obj)
        self.foreign.forget(obj["metadata"]["uid"])

    def keep_only(self, uids: set[str]) -> None:
        self.ours.keep_only(uids)
        self.foreign.keep_only(uids, self.ours.namespace)


def _foreign(obj: Json) -> tuple[Target, str] | None:
    """The Deployment it scales, and its name; None if it scales something else."""
    metadata, target = obj["metadata"], obj["spec"]["scaleTargetRef"]
    return ((metadata["namespace"], target["name"]), metadata["name"]) if target.get("kind") == "Deployment" else None


def _made_by_keda(obj: Json) -> bool:
    """For a ScaledObject of ours, which has its Deployment's name; somebody else's is a second autoscaler."""
    target = obj["spec"]["scaleTargetRef"]["name"]
    return any(
        (each["kind"], each["name"]) == ("ScaledObject", target) for each in obj["metadata"].get("ownerReferences", ())
    )
