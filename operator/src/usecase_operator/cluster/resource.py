"""Writes to the UseCase itself: its status, and the finalizer that holds it until the broker is clean."""

from collections.abc import Sequence

from usecase_operator import reasons
from usecase_operator.cluster.client import ApiError, Client, Json
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.errors import Retry
from usecase_operator.metadata import API_VERSION, KIND
from usecase_operator.model import UseCase

FINALIZER = "usecase.dev/messaging"


class Resource:
    def __init__(self, client: Client, usecases: UseCases) -> None:
        self._client = client
        self._usecases = usecases

    async def write_status(self, usecase: UseCase, status: Json) -> None:
        """Apply *status*; a UseCase that is gone meanwhile needs none."""
        metadata = usecase.metadata
        self._usecases.sending(metadata.uid, status)
        manifest = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            # With the UID, a resource made anew under this name does not get the old one's status.
            "metadata": {"name": metadata.name, "namespace": metadata.namespace, "uid": metadata.uid},
            "status": status,
        }
        try:
            await self._client.apply(manifest, subresource="/status")
        except ApiError as error:
            self._usecases.unsent(metadata.uid)
            if error.status != 404:
                raise  # 409 too: another resource of this name, which the mirror will tell, or a conflict that passes

    async def add_finalizer(self, usecase: UseCase, version: str) -> None:
        """Hold the resource. *version*: the resourceVersion that was read."""
        await self._patch(
            usecase,
            [
                {"op": "test", "path": "/metadata/resourceVersion", "value": version},
                {"op": "add", "path": "/metadata/finalizers", "value": [*usecase.metadata.finalizers, FINALIZER]},
            ],
        )

    async def remove_finalizer(self, usecase: UseCase) -> None:
        """Let the resource go, and forget it: it may never be heard of again."""
        finalizers: Sequence[str] = usecase.metadata.finalizers
        if FINALIZER in finalizers:
            place = f"/metadata/finalizers/{finalizers.index(FINALIZER)}"
            await self._patch(
                usecase,
                [{"op": "test", "path": place, "value": FINALIZER}, {"op": "remove", "path": place}],
            )
        self._usecases.forget(usecase.metadata.uid)

    async def _patch(self, usecase: UseCase, operations: list[Json]) -> None:
        try:
            patched = await self._client.json_patch(KIND, usecase.namespace, usecase.name, operations)
        except ApiError as error:
            if error.status == 404:
                return
            if error.status == 422:
                # The test failed: what was read is not what is there now; the watch brings the news.
                raise Retry(reasons.API_UNAVAILABLE, "the resource changed meanwhile", after=0.5) from error
            raise
        if not patched["metadata"].get("deletionTimestamp"):
            self._usecases.put(patched)
