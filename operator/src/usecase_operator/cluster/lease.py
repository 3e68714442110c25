"""Leader election by one Lease: who may write, and until when. Ours, because the known ones keep two writers.

Fencing (docs/decisions, "leader election"): the API server checks no token, so `leading` is asked before every
write; it ends 5 s before anybody may take over, counted from before the renewal was sent, and at once where another
holder is seen; a lost Lease ends the process. Expiry is judged by our own clock since the answer that brought the last
change: clocks need not agree, and what was renewed while that answer was on its way counts from its arrival.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from usecase_operator import metrics
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.resources import path

DURATION = 12
RENEW = 7.0
PERIOD = 2.0
ATTEMPT = 4.0
NEVER = float("-inf")


class NotLeading(Exception):  # noqa: N818 - said, not an error of ours: another process has the word
    """This process may not write: it never had the Lease, or could not renew it."""


class Requests(Protocol):
    async def request(self, method: str, url: str, body: Any = None) -> Any: ...


class Lease:
    """Renewed every `PERIOD` seconds by `hold`. *requests* must not ask the Lease itself."""

    def __init__(
        self,
        requests: Requests,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = requests
        self._collection = path("Lease", namespace)
        self._name = name
        self.identity = identity
        self._clock = clock
        self._seen: tuple[str, str | None] | None = None
        self._seen_at = 0.0
        self._until = NEVER
        self.acquired = asyncio.Event()

    @property
    def leading(self) -> bool:
        return self._clock() < self._until

    def guard(self) -> None:
        """Raises `NotLeading` unless this process may write now."""
        if not self.leading:
            raise NotLeading(f"the Lease {self._name} is not held by {self.identity}")

    async def hold(self) -> None:
        """Acquire, then renew for ever. Returns when the Lease was lost: the process has to end then."""
        while True:
            started = self._clock()
            try:
                async with asyncio.timeout(ATTEMPT):
                    held = await self.attempt()
            except (ApiError, TimeoutError):
                held = False
            if held:
                self.acquired.set()
                metrics.LEADER.set(1)
            elif self.acquired.is_set() and not self.leading:
                metrics.LEADER.set(0)
                return
            await asyncio.sleep(max(0.0, PERIOD - (self._clock() - started)))

    async def attempt(self) -> bool:
        """Acquire or renew once; False if somebody else has it or was faster."""
        before = self._clock()
        lease = await self._get_or_new()
        answered = self._clock()
        spec = lease["spec"]
        holder = spec.get("holderIdentity") or ""
        mark = (holder, spec.get("renewTime"))
        if mark != self._seen:
            self._seen, self._seen_at = mark, answered
        if holder not in ("", self.identity):
            self._until = NEVER
            if answered < self._seen_at + spec.get("leaseDurationSeconds", DURATION):
                return False
        if holder != self.identity:
            spec |= {
                "holderIdentity": self.identity,
                "acquireTime": _now(),
                "leaseTransitions": spec.get("leaseTransitions", 0) + 1,
            }
        spec |= {"renewTime": _now(), "leaseDurationSeconds": DURATION}
        try:
            await self._put(lease)
        except ApiError as error:
            if error.status == 409:
                await self._see_who_was_faster()
                return False
            raise
        self._until = before + RENEW
        return True

    async def _see_who_was_faster(self) -> None:
        """Another holder, or a hand that labelled the Lease: nothing is written until it is known which."""
        until, self._until = self._until, NEVER
        lease = await self._get_or_new()
        if lease["spec"].get("holderIdentity") == self.identity:
            self._until = until

    async def release(self) -> None:
        """Give the Lease back, so that a successor need not wait for its end."""
        if not self.leading:
            return
        self._until = NEVER
        lease = await self._get_or_new()
        if lease["spec"].get("holderIdentity") == self.identity:
            lease["spec"]["holderIdentity"] = ""
            await self._put(lease)

    async def _get_or_new(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = await self._requests.request("GET", f"{self._collection}/{self._name}")
        except ApiError as error:
            if error.status != 404:
                raise
            return {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": self._name},
                "spec": {},
            }
        found.setdefault("spec", {})
        return found

    async def _put(self, lease: dict[str, Any]) -> dict[str, Any]:
        """With the resourceVersion that was read: 409 if somebody was faster."""
        new = "resourceVersion" not in lease["metadata"]
        method, url = ("POST", self._collection) if new else ("PUT", f"{self._collection}/{self._name}")
        written: dict[str, Any] = await self._requests.request(method, url, lease)
        return written


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
