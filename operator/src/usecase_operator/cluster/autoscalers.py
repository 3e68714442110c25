"""Autoscalers that others made: a foreign one on our Deployment fights with whoever decides its number.

HPAs are therefore watched without a selector; ours go on to the children. One that KEDA made for a ScaledObject of ours
is KEDA's business, and known here because it outlives its ScaledObject for a moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from usecase_operator.cluster.children import ChildrenOfKind, owner_of

Json = dict[str, Any]
Target = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Other:
    """An HPA that is not ours. *target*: the Deployment it scales (namespace, name). *kedas*: for a ScaledObject of
    ours, which has its Deployment's name; somebody else's ScaledObject is a second autoscaler.
    """

    target: Target
    name: str
    kedas: bool


class ForeignAutoscalers:
    def __init__(self, changed: Callable[[Target], None]) -> None:
        self._changed = changed
        self._by_uid: dict[str, Other] = {}

    def on(self, namespace: str, deployment: str) -> str | None:
        """Name of the foreign HPA on that Deployment."""
        return self._name((namespace, deployment), kedas=False)

    def kedas_on(self, namespace: str, deployment: str) -> str | None:
        """Name of the HPA that KEDA made for our ScaledObject on that Deployment."""
        return self._name((namespace, deployment), kedas=True)

    def put(self, obj: Json) -> None:
        uid, found = obj["metadata"]["uid"], _other(obj)
        if self._by_uid.get(uid) == found:
            return
        self.forget(uid)  # another Deployment is free of it now
        if found:
            self._by_uid[uid] = found
            self._changed(found.target)

    def forget(self, uid: str) -> None:
        if found := self._by_uid.pop(uid, None):
            self._changed(found.target)

    def keep_only(self, uids: set[str], namespace: str | None) -> None:
        for uid, each in list(self._by_uid.items()):
            if uid not in uids and namespace in (None, each.target[0]):
                self.forget(uid)

    def _name(self, target: Target, *, kedas: bool) -> str | None:
        found = (each.name for each in self._by_uid.values() if each.target == target and each.kedas == kedas)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class AutoscalersOfScope:
    """The sink of one watch on HPAs."""

    ours: ChildrenOfKind
    foreign: ForeignAutoscalers

    def put(self, obj: Json) -> None:
        """Whose it is may change: adopted, or robbed of its owner."""
        self.ours.put(obj)
        if owner_of(obj):
            self.foreign.forget(obj["metadata"]["uid"])
        else:
            self.foreign.put(obj)

    def remove(self, obj: Json) -> None:
        self.ours.remove(obj)
        self.foreign.forget(obj["metadata"]["uid"])

    def keep_only(self, uids: set[str]) -> None:
        self.ours.keep_only(uids)
        self.foreign.keep_only(uids, self.ours.namespace)


def _other(obj: Json) -> Other | None:
    """None if it scales no Deployment."""
    metadata, target = obj["metadata"], obj["spec"]["scaleTargetRef"]
    if target.get("kind") != "Deployment":
        return None
    makers = ((each["kind"], each["name"]) for each in metadata.get("ownerReferences", ()))
    return Other((metadata["namespace"], target["name"]), metadata["name"], ("ScaledObject", target["name"]) in makers)
