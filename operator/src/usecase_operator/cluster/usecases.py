"""The mirror of UseCases: body and status packed, an index by name, and whether a change is worth a pass.

Our own status comes back as an event; it is known by the digest that was noted before it was sent.
"""

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from usecase_operator.metadata import digest

Json = dict[str, Any]
Key = tuple[str, str]


@dataclass(slots=True)
class Kept:
    """*body* without managedFields and status. *sent*: digests of the last statuses we wrote, newest last.

    *status*: as we wrote it last; *confirmed*: as the API server showed it last.
    """

    uid: str
    key: Key
    asked: str
    body: bytes
    status: bytes
    confirmed: bytes
    version: int
    sent: tuple[str, ...] = ()


class UseCases:
    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._kept: dict[str, Kept] = {}
        self._by_key: dict[Key, str] = {}

    def uids(self) -> list[str]:
        return list(self._kept)

    def uid_of(self, key: Key) -> str | None:
        return self._by_key.get(key)

    def body(self, uid: str) -> Json | None:
        """The resource with its status, or None if it is gone.

        The body was packed at its last change that a pass reads; its `resourceVersion` is the newest that was seen.
        """
        kept = self._kept.get(uid)
        if kept is None:
            return None
        body: Json = orjson.loads(zlib.decompress(kept.body))
        body["metadata"]["resourceVersion"] = str(kept.version)
        body["status"] = orjson.loads(zlib.decompress(kept.status))
        return body

    def statuses(self) -> Iterator[tuple[str, str, Json]]:
        """Namespace, name and status of each."""
        for kept in self._kept.values():
            yield *kept.key, orjson.loads(zlib.decompress(kept.status))

    def put(self, obj: Mapping[str, Any]) -> None:
        metadata = obj["metadata"]
        uid, key, version = metadata["uid"], (metadata["namespace"], metadata["name"]), int(metadata["resourceVersion"])
        before = self._kept.get(uid) or self._kept.get(self._by_key.get(key, ""))
        if before and before.version >= version:
            return
        if before and before.uid != uid:
            self.forget(before.uid)  # two can't have one name at a time: its deletion was missed
            before = None
        status = obj.get("status") or {}
        asked = _asked(obj)
        same_request = before is not None and before.asked == asked
        kept = Kept(
            uid=uid,
            key=key,
            asked=asked,
            body=before.body if before and same_request else _packed(_body(obj)),
            # The echo of an earlier write doesn't undo a later one that is under way.
            status=before.status if before and digest(status) in before.sent[:-1] else _packed(status),
            confirmed=_packed(status),
            version=version,
            sent=before.sent if before else (),
        )
        self._kept[uid] = kept
        self._by_key[key] = uid
        if not same_request or digest(status) not in kept.sent:
            kept.sent = kept.sent if digest(status) in kept.sent else ()
            self._changed(uid)

    def sending(self, uid: str, status: Json) -> None:
        """Note a status before it is written, so that its echo wakes nobody and the next pass starts from it."""
        if kept := self._kept.get(uid):
            kept.sent = (*kept.sent[-2:], digest(status))
            kept.status = _packed(status)

    def unsent(self, uid: str) -> None:
        """The last status noted by `sending` may not have arrived: passes go on from what the server showed."""
        if kept := self._kept.get(uid):
            kept.sent = kept.sent[:-1]
            kept.status = kept.confirmed

    def version_of(self, uid: str) -> int:
        """The newest `resourceVersion` that was seen of it; 0 if none was."""
        kept = self._kept.get(uid)
        return kept.version if kept else 0

    def keep_only(self, uids: Collection[str], version: int, namespace: str | None) -> None:
        """Forget what a list of *version* does not name, in *namespace* or in all."""
        for uid, kept in list(self._kept.items()):
            if uid not in uids and kept.version <= version and namespace in (None, kept.key[0]):
                self.forget(uid)

    def remove(self, obj: Mapping[str, Any]) -> None:
        self.forget(obj["metadata"]["uid"])

    def forget(self, uid: str) -> None:
        """Gone; also called when our finalizer was removed, since a missed DELETED never comes again."""
        kept = self._kept.pop(uid, None)
        if kept is None:
            return
        if self._by_key.get(kept.key) == uid:
            del self._by_key[kept.key]
        self._changed(uid)


def _body(obj: Mapping[str, Any]) -> Json:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata, "spec": obj["spec"]}


def _asked(obj: Mapping[str, Any]) -> str:
    """Digest of what people ask for: the spec by its generation, and the metadata a pass reads."""
    metadata = obj["metadata"]
    return digest(
        [
            metadata.get("generation"),
            metadata.get("deletionTimestamp"),
            metadata.get("finalizers"),
            metadata.get("annotations"),
        ]
    )


def _packed(value: Any) -> bytes:
    # kopf hands over its own views of parsed JSON, which orjson doesn't know.
    return zlib.compress(orjson.dumps(value, default=dict), 1)
