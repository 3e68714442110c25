"""Kubernetes as one pass sees it: the mirrors to read and the few verbs to write. Put together in `main`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from usecase_operator.cluster.autoscalers import ForeignAutoscalers
from usecase_operator.cluster.children import Child, Children, Key
from usecase_operator.cluster.events import Events
from usecase_operator.cluster.pods import Pods
from usecase_operator.cluster.resource import Resource
from usecase_operator.cluster.secrets import Secrets, SecretsOfNamespace
from usecase_operator.cluster.writer import Number, Repair, Writer
from usecase_operator.metadata import Manifest, child_name
from usecase_operator.model import UseCase
from usecase_operator.render.autoscaler import AUTOSCALERS
from usecase_operator.workload import Trouble


@dataclass(slots=True)
class Engine:
    """Whether the cluster serves KEDA's kinds; told by their watches."""

    installed: bool = True


@dataclass(frozen=True, slots=True)
class Cluster:
    """*dns*: the addresses that its pods ask for names, which policies let them reach."""

    child_index: Children
    pod_index: Pods
    foreign: ForeignAutoscalers
    secret_watches: Secrets
    engine: Engine
    writer: Writer
    resource: Resource
    events: Events
    dns: tuple[str, ...] = ()

    @property
    def keda(self) -> bool:
        return self.engine.installed

    def children(self, usecase: UseCase) -> Mapping[Key, Child]:
        return self.child_index.of(usecase.metadata.uid)

    def pods(self, usecase: UseCase, component: str) -> int:
        """How many pods of *component* may still work, those that are ending included."""
        found = self.pod_index.of(usecase.namespace, usecase.name, component)
        return len([each for each in found if not each.over])

    def pods_end(self, usecase: UseCase, component: str) -> bool:
        """Whether one of them was told to end, and has not ended yet."""
        found = self.pod_index.of(usecase.namespace, usecase.name, component)
        return any(each.ending and not each.over for each in found)

    def troubles(self, usecase: UseCase, component: str) -> tuple[Trouble, ...]:
        found = self.pod_index.of(usecase.namespace, usecase.name, component)
        return tuple(each.trouble for each in found if each.trouble)

    def foreign_autoscaler(self, usecase: UseCase, component: str) -> str | None:
        found = self.foreign.on(usecase.namespace, child_name(usecase, component))
        # What a pass has just taken over is foreign until the watch tells.
        return None if found and ("HorizontalPodAutoscaler", found) in self.children(usecase) else found

    def autoscaler_on(self, usecase: UseCase, component: str) -> str | None:
        """Kind and name of an autoscaler that the operator or KEDA made, as long as the API server shows it."""
        name = child_name(usecase, component)
        if kind := next((kind for kind in AUTOSCALERS if (kind, name) in self.children(usecase)), None):
            return f"{kind} {name}"
        found = self.foreign.kedas_on(usecase.namespace, name)
        return f"HorizontalPodAutoscaler {found}" if found else None

    async def secrets(self, usecase: UseCase) -> SecretsOfNamespace:
        """The Secrets beside *usecase*. Raises `Retry(SecretsForbidden)`."""
        return await self.secret_watches.open(usecase.namespace, usecase.metadata.uid)

    def release_secrets(self, usecase: UseCase) -> None:
        self.secret_watches.release(usecase.namespace, usecase.metadata.uid)

    async def apply(self, usecase: UseCase, manifest: Manifest) -> Repair | None:
        return await self.writer.apply(usecase, manifest)

    async def apply_deployment(self, usecase: UseCase, manifest: Manifest, number: Number) -> Repair | None:
        return await self.writer.apply_deployment(usecase, manifest, number)

    async def keep_former(self, usecase: UseCase, manifest: Manifest, name: str) -> None:
        await self.writer.keep_former(usecase, manifest, name)

    async def scale(self, manifest: Manifest, number: int) -> None:
        await self.writer.scale(manifest, number)

    async def prune(self, usecase: UseCase, keep: Collection[Key]) -> None:
        await self.writer.prune(usecase, keep)

    async def delete(self, key: Key, child: Child) -> None:
        await self.writer.delete(*key, child)
