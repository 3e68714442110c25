"""Kubernetes Events of ours: posted on transitions, repeated ones counted instead of posted again.

The name is made from what the Event says, so the same news is the same object. An Event that can't be posted is
lost without harm: conditions hold the truth.
"""

import hashlib
import logging
from datetime import UTC, datetime
from typing import Literal

from usecase_operator.cluster.client import ApiError, Client, Json
from usecase_operator.cluster.resources import path
from usecase_operator.metadata import API_VERSION, KIND
from usecase_operator.model import UseCase

CONTROLLER = "usecase.dev/operator"
# The API server counts bytes: 1024 at most (events.k8s.io/v1, note).
NOTE_BYTES = 1000
MERGE_PATCH = "application/merge-patch+json"

log = logging.getLogger(__name__)


class Events:
    def __init__(self, client: Client, instance: str) -> None:
        self._client = client
        self._instance = instance

    async def post(self, usecase: UseCase, type_: Literal["Normal", "Warning"], reason: str, note: str) -> None:
        name = _name(usecase, type_, reason, note)
        try:
            await self._client.request(
                "POST", path("Event", usecase.namespace), self._event(usecase, name, type_, reason, note)
            )
        except ApiError as error:
            if error.status == 409:
                await self._repeat(usecase.namespace, name)
            else:
                log.warning("an Event was not posted", extra={"event": reason, "note": note, "error": str(error)})

    async def _repeat(self, namespace: str, name: str) -> None:
        """The same news again: one more in its series."""
        try:
            known = await self._client.get("Event", namespace, name) or {}
            count = known.get("series", {}).get("count", 1) + 1
            body = {"series": {"count": count, "lastObservedTime": _now()}}
            await self._client.request("PATCH", path("Event", namespace, name), body, content_type=MERGE_PATCH)
        except ApiError as error:
            log.info("an Event was not counted", extra={"event": name, "error": str(error)})

    def _event(self, usecase: UseCase, name: str, type_: str, reason: str, note: str) -> Json:
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": usecase.namespace},
            "eventTime": _now(),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
            "action": "Reconcile",
            "type": type_,
            "reason": reason,
            "note": note.encode()[:NOTE_BYTES].decode(errors="ignore"),
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "name": usecase.name,
                "namespace": usecase.namespace,
                "uid": usecase.metadata.uid,
            },
        }


def _name(usecase: UseCase, *said: str) -> str:
    news = hashlib.sha256("\0".join((usecase.metadata.uid, *said)).encode()).hexdigest()[:16]
    return f"{usecase.name}.{news}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
