"""The mirror of pods: for each component how many there are and what is wrong with them.

Pods carry no UID of their UseCase (selectors are frozen), so they are found by namespace, use case and component;
who wakes is told by that name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from usecase_operator.metadata import COMPONENT, INSTANCE
from usecase_operator.workload import Trouble, pod_trouble

Json = dict[str, Any]
UseCaseKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pod:
    """*over*: its containers have ended for good; it is only still shown. *ending*: it was told to end."""

    component: str
    trouble: Trouble | None
    over: bool
    ending: bool


class Pods:
    def __init__(self, changed: Callable[[UseCaseKey], None]) -> None:
        self._changed = changed
        self._of: dict[UseCaseKey, dict[str, Pod]] = {}
        self._keys: dict[str, UseCaseKey] = {}

    def of(self, namespace: str, usecase: str, component: str) -> list[Pod]:
        return [each for each in self._of.get((namespace, usecase), {}).values() if each.component == component]

    def put(self, obj: Json) -> None:
        metadata = obj["metadata"]
        labels = metadata.get("labels", {})
        key = (metadata["namespace"], labels.get(INSTANCE, ""))
        if self._keys.get(metadata["uid"], key) != key:
            self._forget(metadata["uid"])  # relabelled: taken out of its ReplicaSet, to be looked at
        over = obj.get("status", {}).get("phase") in ("Succeeded", "Failed")
        pod = Pod(labels.get(COMPONENT, ""), pod_trouble(obj), over, "deletionTimestamp" in metadata)
        pods = self._of.setdefault(key, {})
        before = pods.get(metadata["uid"])
        pods[metadata["uid"]] = pod
        self._keys[metadata["uid"]] = key
        if before != pod:
            self._changed(key)

    def remove(self, obj: Json) -> None:
        self._forget(obj["metadata"]["uid"])

    def keep_only(self, uids: set[str], namespace: str | None) -> None:
        """Drop the pods of *namespace* (None: of all) that a new list does not name."""
        for uid, key in list(self._keys.items()):
            if uid not in uids and namespace in (None, key[0]):
                self._forget(uid)

    def _forget(self, uid: str) -> None:
        key = self._keys.pop(uid, None)
        if key is None:
            return
        pods = self._of[key]
        del pods[uid]
        if not pods:
            del self._of[key]
        self._changed(key)


@dataclass(frozen=True, slots=True)
class PodsOfScope:
    """The sink of one watch on pods."""

    pods: Pods
    namespace: str | None

    def put(self, obj: Json) -> None:
        self.pods.put(obj)

    def remove(self, obj: Json) -> None:
        self.pods.remove(obj)

    def keep_only(self, uids: set[str]) -> None:
        self.pods.keep_only(uids, self.namespace)
