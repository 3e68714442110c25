"""Writes to the UseCase itself: its status, and the finalizer that holds it until the broker is clean.

And the question whether it is still there: a deletion that kopf's watch missed is told by nobody, so whoever is
answered that there is no such resource makes the mirror forget it.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from usecase_operator import reasons
from usecase_operator.cluster.client import ApiError, Client, Json
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.errors import Retry
from usecase_operator.metadata import API_VERSION, KIND
from usecase_operator.model import UseCase

FINALIZER = "usecase.dev/messaging"
# All that the server says where an operation of a JSON patch fails, with status 422. A policy or a rule that refuses
# what a patch would make has the same status, and words of its own.
OPERATION_FAILED = "the server rejected our request due to an error in our request"


class Gone(Exception):  # noqa: N818 - said, not an error of ours: there is nothing left to do
    """The UseCase of this pass is gone, or going: nothing is made for it any more."""


class Resource:
    def __init__(self, client: Client, usecases: UseCases) -> None:
        self._client = client
        self._usecases = usecases

    async def confirm(self, usecase: UseCase) -> None:
        """Before something is made again that was taken away: is *usecase* still wanted? Raises `Gone`."""
        found = await self._find(usecase)
        if "deletionTimestamp" in found["metadata"]:
            raise Gone(f"{usecase.name} is being deleted, as the watch is about to tell")

    async def write_status(self, usecase: UseCase, status: Json) -> None:
        """Apply *status*. Raises `Gone` if there is nobody to have it."""
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
        except BaseException as error:  # cut off or not leading: it counts as not written either
            self._usecases.unsent(metadata.uid)
            if not isinstance(error, ApiError):
                raise
            if error.tells_absence_of(metadata.name):
                self._forget(usecase)
            if error.status == 409:
                await self._find(usecase)  # another resource has its name, or the conflict passes
            raise

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
        """Hold the resource no longer. Raises `Gone`."""
        finalizers: Sequence[str] = usecase.metadata.finalizers
        place = f"/metadata/finalizers/{finalizers.index(FINALIZER)}"
        await self._patch(usecase, [{"op": "test", "path": place, "value": FINALIZER}, {"op": "remove", "path": place}])

    async def let_go(self, usecase: UseCase) -> None:
        """The end of a resource that is being deleted; forget it: it may never be heard of again."""
        if FINALIZER in usecase.metadata.finalizers:
            with suppress(Gone):
                await self.remove_finalizer(usecase)
        self._usecases.forget(usecase.metadata.uid)

    async def _patch(self, usecase: UseCase, operations: list[Json]) -> None:
        """Raises `Gone`; `Retry` if a test of *operations* fails; `ApiError`."""
        same = {"op": "test", "path": "/metadata/uid", "value": usecase.metadata.uid}
        try:
            patched = await self._client.json_patch(KIND, usecase.namespace, usecase.name, [same, *operations])
        except ApiError as error:
            if error.tells_absence_of(usecase.name):
                self._forget(usecase)
            if error.status == 422 and error.message.startswith(OPERATION_FAILED):
                # The test failed: what was read is not what is there now; the watch brings the news.
                raise Retry(reasons.API_UNAVAILABLE, "the resource changed meanwhile", after=0.5) from error
            raise
        if not patched["metadata"].get("deletionTimestamp"):
            self._usecases.put(patched)

    async def _find(self, usecase: UseCase) -> Json:
        """Its metadata. Raises `Gone`."""
        found = await self._client.get_metadata(KIND, usecase.namespace, usecase.name)
        if found is None or found["metadata"]["uid"] != usecase.metadata.uid:
            self._forget(usecase)
        return found

    def _forget(self, usecase: UseCase) -> NoReturn:
        self._usecases.forget(usecase.metadata.uid)
        raise Gone(f"{usecase.name} is not there any more")
