"""Is every field that we render still ours? Answered from `metadata.managedFields`, without the object.

Server-side apply keeps, for each manager, the set of fields whose value is the manager's; a change by anybody
else takes the field out of our set. So "our value stands" is "the field is in our set": exact, immune to the
server's way of writing values (`1000m` and `1`), and a few hundred bytes to keep. An empty list is a value as any: it
is what keeps everybody out in a NetworkPolicy. Decision: docs/decisions.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from usecase_operator.metadata import MANAGER

Fields = Mapping[str, Any]
Path = tuple[str, ...]

# Sets that are told apart; past it sharing starts anew, so that what nobody has any more does not stay for ever.
SHARED = 4096
_shared: dict[bytes, bytes] = {}


def owned(obj: Mapping[str, Any], manager: str = MANAGER) -> Fields | None:
    """The fields that *manager* has applied, in the notation of managedFields; None if it has applied none."""
    for entry in obj["metadata"].get("managedFields", ()):
        if entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource"):
            found: Fields = entry["fieldsV1"]
            return found
    return None


def packed(fields: Fields | None) -> bytes:
    """Small, and the same object for the same set: it has no values in it, so a thousand children share theirs."""
    if fields is None:
        return b""
    small = zlib.compress(orjson.dumps(fields), 1)
    if len(_shared) >= SHARED:
        _shared.clear()
    return _shared.setdefault(small, small)


def unpacked(kept: bytes) -> Fields | None:
    return orjson.loads(zlib.decompress(kept)) if kept else None


def lost(manifest: Mapping[str, Any], fields: Fields | None) -> list[Path]:
    """Paths of *manifest* that are not in *fields*: somebody else has changed or removed them. Empty: all ours."""
    if fields is None:
        return [()]
    rendered = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in ("name", "namespace")}
    return [*_missing(rendered, fields, ()), *_missing(metadata, fields.get("f:metadata", {}), ("metadata",))]


def changed_by(paths: Iterable[Path], obj: Mapping[str, Any]) -> list[str]:
    """The managers that have one of *paths* now, by name."""
    wanted = list(paths)
    found = {
        entry["manager"]
        for entry in obj["metadata"].get("managedFields", ())
        if entry["manager"] != MANAGER and any(_holds(entry.get("fieldsV1", {}), path) for path in wanted)
    }
    return sorted(found)


def _missing(value: Any, fields: Fields, path: Path) -> list[Path]:
    if not fields:
        return []  # a leaf: the whole value is owned at once
    members: list[tuple[str | None, Any, Path]]
    if isinstance(value, Mapping):
        members = [(f"f:{key}", each, (*path, key)) for key, each in value.items() if each is not None]
    else:
        members = [(_item_key(each, fields), each, (*path, _name(each))) for each in value]
    return [each for member in members for each in _member(*member, fields)]


def _member(key: str | None, value: Any, path: Path, fields: Fields) -> list[Path]:
    if key is None or key not in fields:
        return [path]
    return _missing(value, fields[key], path) if isinstance(value, Mapping | list) else []


def _item_key(item: Any, fields: Fields) -> str | None:
    """The key under which the server knows a list's item: `k:{"name":"main"}` or `v:"value"`."""
    if not isinstance(item, Mapping):
        key = f"v:{orjson.dumps(item).decode()}"
        return key if key in fields else None
    for key in fields:
        if key.startswith("k:"):
            wanted = orjson.loads(key[2:])
            # `protocol` is the one part of a key that may be left to its default, which is then the server's.
            if all(item.get(name, value if name == "protocol" else None) == value for name, value in wanted.items()):
                return key
    return None


def _name(item: Any) -> str:
    return str(item.get("name") or item.get("containerPort") or item) if isinstance(item, Mapping) else str(item)


def _holds(fields: Fields, path: Path) -> bool:
    if not path:
        return True
    for key, below in fields.items():
        if key == f"f:{path[0]}" or (key.startswith("k:") and path[0] in map(str, orjson.loads(key[2:]).values())):
            return _holds(below, path[1:]) if below else True
    return False
