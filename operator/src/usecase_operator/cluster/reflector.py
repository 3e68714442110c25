"""One watch: streams what exists, then every change, for ever, and says how fresh it is.

The list is streamed too (`sendInitialEvents`): reading it at once would cost the memory of all objects. A silent
connection is dropped after 75 s; the server sends a bookmark every 60 s. Only an answer that was said to mean absence
empties the mirror: an API server that has just started may forbid for a moment what it will allow.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from random import uniform
from typing import Any, Protocol

import aiohttp
import orjson

Json = dict[str, Any]

SILENCE_SECONDS = 75.0
SERVER_SECONDS = "300"
ABSENT_SECONDS = 20.0
LONGEST_PAUSE = 10.0
LIST_ENDS = "k8s.io/initial-events-end"

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where objects go. After a new list `keep_only` names the UIDs that still exist."""

    def put(self, obj: Json) -> None: ...

    def remove(self, obj: Json) -> None: ...

    def keep_only(self, uids: set[str]) -> None: ...


class Reflector:
    """*absent*: the statuses that mean that there is nothing to see, as 404 does for a kind that may not be installed;
    *available* is told when that begins and ends. All others are an outage, in which the mirror stays as it is.

    *patience*: the seconds for which it may be forbidden in a row before it counts as lost; None: it never does.
    *changed* is told when the mirror is filled, and when the watch is lost or allowed again.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        sink: Sink,
        *,
        selector: str = "",
        absent: Collection[int] = (),
        available: Callable[[bool], None] = lambda _: None,
        patience: float | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._session = session
        self.url = url
        self._sink = sink
        self._selector = selector
        self._absent = absent
        self._available = available
        self._patience = patience
        self._changed = changed
        self._version: str | None = None
        self.synced = asyncio.Event()
        self.refused: int | None = None
        self.lost = False
        self._forbidden_at: float | None = None
        self._heard = time.monotonic()
        self._complained = ""
        self._wait = 1.0

    @property
    def age(self) -> float:
        """Seconds since the server was last heard on this watch; a refused watch is as fresh as its refusal."""
        return time.monotonic() - self._heard

    async def run(self) -> None:
        while True:
            try:
                await self._stream()
            except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
                log.debug("watch interrupted", extra={"watch": self.url, "error": repr(error)})
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        """Seconds until the watch is opened again; of an answer that is no watch, ever longer."""
        if self.refused or self.lost:
            return ABSENT_SECONDS * uniform(0.8, 1.2)
        return self._wait * uniform(0.3, 1.0)

    async def _stream(self) -> None:
        params = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": SERVER_SECONDS}
        if self._selector:
            params["labelSelector"] = self._selector
        listing = self._version is None
        if listing:
            params |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        else:
            params["resourceVersion"] = str(self._version)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=4, sock_read=SILENCE_SECONDS)
        async with self._session.get(self.url, params=params, timeout=timeout) as response:
            if response.status == 410:
                self._version = None
                self._allow()
                return
            if response.status in self._absent:
                self._heard = time.monotonic()
                self._allow()
                self._refuse(response.status)
                return
            if response.status >= 400:
                await self._complain(response)
                return
            self._heard, self._complained, self._wait = time.monotonic(), "", 1.0
            self._allow()
            self._accept()
            listed: set[str] | None = set() if listing else None
            async for line in response.content:
                self._heard = time.monotonic()
                event = orjson.loads(line)
                if not self._take(event, listed):
                    return
                if _ends_list(event):
                    listed = None

    def _take(self, event: Json, listed: set[str] | None) -> bool:
        """One line of the stream; False if the list has to be streamed anew."""
        obj, kind = event["object"], event["type"]
        if kind == "ERROR":
            self._version = None
            return False
        metadata = obj["metadata"]
        if kind == "BOOKMARK":
            if listed is not None and _ends_list(event):
                self._sink.keep_only(listed)
                self._fill()
        elif kind == "DELETED":
            self._sink.remove(obj)
        else:
            self._sink.put(obj)
            if listed is not None:
                listed.add(metadata["uid"])
        # Within the list versions are not in order: only its end is a place to go on from.
        if listed is None or _ends_list(event):
            self._version = metadata["resourceVersion"]
        return True

    async def _complain(self, response: aiohttp.ClientResponse) -> None:
        """The server does not serve this watch: told once, and its age grows until it does."""
        self._wait = min(2 * self._wait, LONGEST_PAUSE)
        said = f"{response.status} {(await response.text())[:300]}"
        if self._complained != said:
            log.warning("a watch is refused; trying again", extra={"watch": self.url, "answer": said})
            self._complained = said
        if response.status == 403:
            self._forbid()

    def _forbid(self) -> None:
        """For a moment, as a server does that has just started, or for good, as where a namespace is gone."""
        now = time.monotonic()
        if self._forbidden_at is None:
            self._forbidden_at = now
        if not self.lost and self._patience is not None and now - self._forbidden_at >= self._patience:
            self.lost = True
            self._changed()

    def _allow(self) -> None:
        self._forbidden_at = None
        if self.lost:
            self.lost = False
            self._changed()

    def _fill(self) -> None:
        if not self.synced.is_set():
            self.synced.set()
            self._changed()

    def _refuse(self, status: int) -> None:
        self._version = None
        if self.refused != status:
            self.refused = status
            self._sink.keep_only(set())
            self._available(False)
        self._fill()

    def _accept(self) -> None:
        if self.refused is not None:
            self.refused = None
            self.synced.clear()
            self._available(True)


def _ends_list(event: Json) -> bool:
    """The bookmark that the server sends after the last object that existed when the watch began."""
    annotations = event["object"].get("metadata", {}).get("annotations") or {}
    return event["type"] == "BOOKMARK" and annotations.get(LIST_ENDS) == "true"
