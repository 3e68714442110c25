"""Makes children as they were rendered, and says what it found: the only place that writes them.

Unchanged (same hash, every field still ours) costs nothing. A child that is not known is looked for first: what
somebody else made under that name is not touched unless he says so.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from usecase_operator import metrics, reasons
from usecase_operator.cluster import fields
from usecase_operator.cluster.children import Child, Children, owner_of
from usecase_operator.cluster.client import ApiError, Client, Json
from usecase_operator.cluster.fights import Fights
from usecase_operator.cluster.resource import Resource
from usecase_operator.errors import Retry, Stuck
from usecase_operator.metadata import ADOPT, HASH, INSTANCE, MANAGED_BY, MANAGER, Manifest, component_of, with_hash
from usecase_operator.metadata import manifest as made
from usecase_operator.model import UseCase
from usecase_operator.replicas import UNSAID, Apply, creation, hand_over, operator_claims, scale
from usecase_operator.workload import Workload


@dataclass(frozen=True, slots=True)
class Repair:
    """A child that was not as it had been left: *fields* were changed by *managers*; both empty if it was not there,
    *restored* if it had been.
    """

    kind: str
    name: str
    fields: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    restored: bool = False


class Number(Protocol):
    """The number of pods to write where a Deployment has *live* (None: where there is none); None: it stays."""

    def __call__(self, *, live: int | None) -> int | None: ...


class Writer:
    """*later*(UID, seconds) asks for another pass: what is fought over is put back then."""

    def __init__(
        self,
        client: Client,
        children: Children,
        resource: Resource,
        later: Callable[[str, float], None],
        fights: Fights | None = None,
    ) -> None:
        self._client = client
        self._children = children
        self._resource = resource
        self._later = later
        self._fights = fights or Fights()

    async def apply(self, usecase: UseCase, manifest: Manifest) -> Repair | None:
        """Make *manifest* true for *usecase*. Raises `Retry(NameConflict)`, `ApiError`, `Gone`."""
        child = self._find(usecase, manifest)
        if child and self._unchanged(child, manifest):
            return None
        new = child and child.hash != manifest["metadata"]["annotations"][HASH]
        if not new and self._has_to_wait(usecase, manifest):
            return None
        found = await self._examine(usecase, manifest, child)
        await self._send(manifest)
        return self._noted(usecase, found)

    async def apply_deployment(self, usecase: UseCase, manifest: Manifest, number: Number) -> Repair | None:
        """As `apply`, with the number of pods: what *number* says is written by a manager of its own."""
        child = self._find(usecase, manifest)
        if child is None:
            if self._has_to_wait(usecase, manifest):
                return None
            return self._noted(usecase, await self._apply_unseen(usecase, manifest, number))
        if isinstance(child.said, Workload):
            await self._write_number(manifest, child.said.desired, claimed=child.claims_replicas, number=number)
        return await self.apply(usecase, manifest)

    async def _apply_unseen(self, usecase: UseCase, manifest: Manifest, number: Number) -> Repair | None:
        """A Deployment that the mirror doesn't show is made, or taken over; one of ours keeps its number."""
        found = await self._look(usecase, manifest)
        if found is None or not _is_ours(usecase, found):
            repair = None if found else await self._missing(usecase, manifest)
            wanted = number(live=None)
            for step in creation(manifest, UNSAID if wanted is None else wanted):
                await self._step(step)
            return repair
        claimed = operator_claims(found["metadata"].get("managedFields", ()))
        await self._write_number(manifest, found["spec"]["replicas"], claimed=claimed, number=number)
        await self._send(manifest)
        return _damage_of(manifest, found)

    async def _write_number(self, manifest: Manifest, live: int, *, claimed: bool, number: Number) -> None:
        """*claimed*: our main apply holds the number, of which it must not let go alone."""
        if claimed:
            await self._step(hand_over(manifest, live))
        if (wanted := number(live=live)) is not None:
            await self._step(scale(manifest, wanted))

    async def keep_former(self, usecase: UseCase, manifest: Manifest, name: str) -> None:
        """A copy, as *name*, of the child that *manifest* is going to change."""
        kind, metadata = manifest["kind"], manifest["metadata"]
        self._find(usecase, manifest)
        found = await self._client.get(kind, metadata["namespace"], metadata["name"])
        if found is not None and owner_of(found) == usecase.metadata.uid:
            copy = made(
                usecase, manifest["apiVersion"], kind, name=name, component=component_of(manifest), spec=found["spec"]
            )
            await self._send(with_hash(copy))

    async def scale(self, manifest: Manifest, number: int) -> None:
        """Only the number; the rest of the Deployment stays as it is."""
        await self._step(scale(manifest, number))

    async def prune(self, usecase: UseCase, keep: Collection[tuple[str, str]]) -> None:
        """Delete the children that are no longer rendered."""
        for (kind, name), child in list(self._children.of(usecase.metadata.uid).items()):
            if (kind, name) not in keep and not child.deleting:
                await self.delete(kind, name, child)

    async def delete(self, kind: str, name: str, child: Child) -> None:
        self._children.dismiss(child.uid, gone=True)  # before the watch tells
        try:
            await self._client.delete(kind, child.namespace, name, child.uid)
        except BaseException:
            self._children.dismiss(child.uid, gone=False)
            raise

    def _find(self, usecase: UseCase, manifest: Manifest) -> Child | None:
        child = self._children.of(usecase.metadata.uid).get((manifest["kind"], manifest["metadata"]["name"]))
        if child and child.deleting:
            raise Retry(reasons.PROGRESSING, f"{manifest['kind']} {manifest['metadata']['name']} is being deleted", 2)
        return child

    def _unchanged(self, child: Child, manifest: Manifest) -> bool:
        wanted: str = manifest["metadata"]["annotations"][HASH]
        if child.hash != wanted:
            return False
        if child.checked != wanted and not fields.lost(manifest, fields.unpacked(child.fields)):
            child.checked = child.hash  # the same string, kept once
        return child.checked == wanted

    def _has_to_wait(self, usecase: UseCase, manifest: Manifest) -> bool:
        """Whether somebody fights for this child, and it is not our turn yet."""
        uid = usecase.metadata.uid
        pause = self._fights.pause(uid, (manifest["kind"], manifest["metadata"]["name"]))
        if pause:
            self._later(uid, pause)
        return pause > 0

    def _noted(self, usecase: UseCase, repair: Repair | None) -> Repair | None:
        if repair and (repair.fields or repair.restored):
            self._fights.repaired(usecase.metadata.uid, (repair.kind, repair.name))
        return repair

    async def _examine(self, usecase: UseCase, manifest: Manifest, child: Child | None) -> Repair | None:
        """Before a write: is the name free, or what has been done to our object?"""
        kind, metadata = manifest["kind"], manifest["metadata"]
        if child is None:
            found = await self._look(usecase, manifest)
            return _damage_of(manifest, found) if found else await self._missing(usecase, manifest)
        if child.hash != metadata["annotations"][HASH]:
            return None  # a new version of ours
        obj = await self._client.get_metadata(kind, metadata["namespace"], metadata["name"])
        return _damage(manifest, child.hash, fields.unpacked(child.fields), obj)

    async def _missing(self, usecase: UseCase, manifest: Manifest) -> Repair:
        """The name is free. Raises `Gone` if it is so because the use case is."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        restored = self._children.was_lost(usecase.metadata.uid, (kind, name))
        if restored:
            # It may have been collected with its owner: made again for a dead one, it would be so for ever.
            await self._resource.confirm(usecase)
            metrics.DRIFT.labels("kubernetes").inc()
        return Repair(kind, name, restored=restored)

    async def _look(self, usecase: UseCase, manifest: Manifest) -> Json | None:
        """What stands under a name that the mirror doesn't show. Raises `Retry(NameConflict)` if it is not for us."""
        kind, metadata = manifest["kind"], manifest["metadata"]
        read = self._client.get if kind == "Deployment" else self._client.get_metadata  # its number is asked for too
        found = await read(kind, metadata["namespace"], metadata["name"])
        if found is None or owner_of(found) == usecase.metadata.uid:
            return found  # ours: somebody took its labels
        if _lost_its_owner(usecase, found):
            await self._resource.confirm(usecase)  # whoever deletes a use case may ask to leave what it had
        else:
            _refuse_foreign(kind, found)
        return found

    async def _send(self, manifest: Manifest) -> None:
        self._children.put(await self._client.apply(manifest))

    async def _step(self, step: Apply) -> None:
        self._children.put(await self._client.apply(step.body, manager=step.manager, force=step.force))


def _damage(manifest: Manifest, hash_: str | None, ours: fields.Fields | None, obj: Json | None) -> Repair | None:
    """What was done to an object that we had left with *hash_*; *obj* says by whom. None if it is another version."""
    if hash_ != manifest["metadata"]["annotations"][HASH]:
        return None
    if not (lost := fields.lost(manifest, ours)):
        return None
    metrics.DRIFT.labels("kubernetes").inc()
    managers = fields.changed_by(lost, obj) if obj else []
    return Repair(
        manifest["kind"], manifest["metadata"]["name"], tuple(".".join(path) for path in lost), tuple(managers)
    )


def _damage_of(manifest: Manifest, found: Json) -> Repair | None:
    return _damage(manifest, found["metadata"].get("annotations", {}).get(HASH), fields.owned(found), found)


def _is_ours(usecase: UseCase, found: Json) -> bool:
    return owner_of(found) == usecase.metadata.uid or _lost_its_owner(usecase, found)


def _lost_its_owner(usecase: UseCase, found: Json) -> bool:
    """Whether we made *found* for *usecase*, and somebody took the reference to it."""
    metadata = found["metadata"]
    labels = metadata.get("labels", {})
    return (
        _controller(found) is None
        and fields.owned(found) is not None
        and HASH in metadata.get("annotations", {})
        and (labels.get(MANAGED_BY), labels.get(INSTANCE)) == (MANAGER, usecase.name)
    )


def _controller(found: Json) -> Json | None:
    return next((each for each in found["metadata"].get("ownerReferences", ()) if each.get("controller")), None)


def _refuse_foreign(kind: str, found: Json) -> None:
    """Raises `Retry(NameConflict)` unless somebody has offered *found*."""
    metadata, controller = found["metadata"], _controller(found)
    if controller is None and metadata.get("annotations", {}).get(ADOPT) == "true":
        return
    whose = f"it belongs to {controller['kind']} {controller['name']}" if controller else "the operator did not make it"
    offer = "" if controller else f", or hand it over: kubectl annotate {kind.lower()} {metadata['name']} {ADOPT}=true"
    raise Retry(
        reasons.NAME_CONFLICT,
        f"{kind} {metadata['name']} exists and {whose}: rename or delete it{offer}",
        after=15,  # nobody tells when it is gone
    )


def failure(error: ApiError, doing: str) -> Retry | Stuck:
    """An API error as one of the two ways a step fails."""
    if error.temporary:
        return Retry(reasons.API_UNAVAILABLE, f"{doing}: {error.message}", error.retry_after)
    return Stuck(reasons.APPLY_REFUSED, f"the API server refuses {doing}: {error.message}")
