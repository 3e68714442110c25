"""Requests to the API server: JSON in, JSON out, every failure an `ApiError`.

The Lease is asked before each write, and no request outlives the time in which another process could take it.
One apply: server-side, one field manager, by force: whoever changed our field has been reported before.
"""

from collections.abc import Callable
from typing import Any

import aiohttp
import orjson

from usecase_operator import metrics
from usecase_operator.cluster.resources import path
from usecase_operator.metadata import MANAGER

APPLY = "application/apply-patch+yaml"
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
PAGE = 100
# A Lease is taken over 5 s after its holder stopped writing at the earliest.
REQUEST_SECONDS = 4.5
# So the server begins where a body does not fit its schema, with status 500 (kubernetes/kubernetes#122480): a field
# that is unknown or of another type, a key that is twice in a list. It says so again each time.
MISFIT = "failed to create typed patch object"
# So it begins when an admission webhook, somebody's and for some kinds only, does not answer; also with status 500.
WEBHOOK = "Internal error occurred: failed calling webhook"

Json = dict[str, Any]


class ApiError(Exception):
    """What the API server refused, or (*status* 0) that it did not answer. *retry_after*: seconds it asked for."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after

    def tells_absence_of(self, name: str) -> bool:
        """The object is not there. Any other 404 speaks of its kind, or comes from somebody on the way."""
        return self.status == 404 and f'"{name}" not found' in self.message

    @property
    def temporary(self) -> bool:
        """Trying again may help."""
        return self.status in (0, 409, 429, 502, 503, 504) or (
            self.status == 500 and not self.message.startswith(MISFIT)
        )

    @property
    def of_server(self) -> bool:
        """The API server itself is in trouble: the next request would fail, too."""
        return self.temporary and self.status != 409 and not self.message.startswith(WEBHOOK)


class Client:
    def __init__(self, session: aiohttp.ClientSession, guard: Callable[[], None]) -> None:
        self._session = session
        self._guard = guard

    async def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
        **params: str,
    ) -> Any:
        """The parsed answer. Raises `ApiError`; *guard* raises before a write if the Lease is lost."""
        if method != "GET":
            self._guard()
            metrics.WRITES.labels(method, _resource(url)).inc()
        try:
            async with self._session.request(
                method,
                url,
                params=params,
                data=None if body is None else orjson.dumps(body),
                headers={"Content-Type": content_type, "Accept": accept},
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            ) as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ApiError(0, "Unavailable", f"{method} {url}: {error or type(error).__name__}") from error
        if response.status >= 400:
            raise _refusal(response, raw)
        return orjson.loads(raw)

    async def get(self, kind: str, namespace: str, name: str) -> Json | None:
        """The object, or None if there is none."""
        return await self._found(kind, namespace, name, JSON)

    async def get_metadata(self, kind: str, namespace: str, name: str) -> Json | None:
        """The object's metadata, or None if there is none."""
        return await self._found(kind, namespace, name, METADATA_ONLY)

    async def roll(self, kind: str, namespace: str | None, page_size: int = PAGE) -> tuple[dict[str, Json], int]:
        """UID → metadata of every object of *kind*, and the version of which it is true. In pages, for memory."""
        found: dict[str, Json] = {}
        params = {"limit": str(page_size)}
        while True:
            page = await self.request("GET", path(kind, namespace), accept=METADATA_LIST, **params)
            for each in page["items"] or ():
                metadata = each["metadata"]
                found[metadata["uid"]] = {key: metadata[key] for key in ("namespace", "name", "resourceVersion")}
            if not page["metadata"].get("continue"):
                return found, int(page["metadata"]["resourceVersion"])
            params["continue"] = page["metadata"]["continue"]

    async def apply(self, manifest: Json, *, subresource: str = "", manager: str = MANAGER, force: bool = True) -> Json:
        metadata = manifest["metadata"]
        url = path(manifest["kind"], metadata["namespace"], metadata["name"]) + subresource
        applied: Json = await self.request(
            "PATCH",
            url,
            manifest,
            content_type=APPLY,
            fieldManager=manager,
            force="true" if force else "false",
        )
        return applied

    async def delete(self, kind: str, namespace: str, name: str, uid: str) -> None:
        """Delete exactly the object with *uid*; gone is success. Replaced by another is 409: the mirror will tell."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self.request("DELETE", path(kind, namespace, name), body)
        except ApiError as error:
            if error.status != 404:
                raise

    async def json_patch(self, kind: str, namespace: str, name: str, operations: list[Json]) -> Json:
        patched: Json = await self.request("PATCH", path(kind, namespace, name), operations, content_type=JSON_PATCH)
        return patched

    async def _found(self, kind: str, namespace: str, name: str, accept: str) -> Json | None:
        try:
            found: Json = await self.request("GET", path(kind, namespace, name), accept=accept)
        except ApiError as error:
            if error.tells_absence_of(name):
                return None
            raise
        return found


def _refusal(response: aiohttp.ClientResponse, raw: bytes) -> ApiError:
    retry_after = response.headers.get("Retry-After", "")
    try:
        status = orjson.loads(raw)
        reason, message = status.get("reason") or "Unknown", status.get("message") or ""
    except (orjson.JSONDecodeError, AttributeError):
        reason, message = response.reason or "Unknown", raw[:300].decode(errors="replace")
    return ApiError(response.status, reason, message, float(retry_after) if retry_after.isdigit() else None)


def _resource(url: str) -> str:
    """The plural in a path, with its subresource: the label of a metric."""
    parts = url.strip("/").split("/")
    if "namespaces" in parts:
        parts = parts[parts.index("namespaces") + 2 :]
    return "/".join([parts[0], *parts[2:3]])
