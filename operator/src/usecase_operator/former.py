"""Edges of pods that still run: while a revision rolls out, or waits behind its gate, the policies under which earlier
pods were started stay beside the new ones.

Policies add up, so a former one needs no merging: it keeps its rules under a name of its own. `reconcile` calls
`keep_policies` before it writes new rules, and spares `policies` when it deletes what is no longer rendered.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from usecase_operator.applying import Pass
from usecase_operator.cluster.children import Child, Key
from usecase_operator.cluster.client import ApiError
from usecase_operator.errors import Retry
from usecase_operator.metadata import HASH, REVISION, Manifest, child_name, component_of
from usecase_operator.model import UseCase
from usecase_operator.workload import Workload

# What no component's name holds.
SEPARATOR = "."


class Cluster(Protocol):
    def children(self, usecase: UseCase) -> Mapping[Key, Child]: ...
    def pods(self, usecase: UseCase, component: str) -> int: ...
    async def keep_former(self, usecase: UseCase, manifest: Manifest, name: str) -> None: ...


async def keep_policies(usecase: UseCase, manifests: Iterable[Manifest], cluster: Cluster, run: Pass) -> None:
    """Keep a copy of each NetworkPolicy that *manifests* would change."""
    for manifest in manifests:
        child = cluster.children(usecase).get((manifest["kind"], manifest["metadata"]["name"]))
        if manifest["kind"] != "NetworkPolicy" or child is None or child.hash is None or run.cut_off:
            continue
        if child.hash != manifest["metadata"]["annotations"][HASH]:
            name = manifest["metadata"]["name"]
            try:
                await cluster.keep_former(usecase, manifest, f"{name}{SEPARATOR}{child.hash}")
            except (ApiError, Retry) as error:
                run.failed(error, f"the former NetworkPolicy {name}")


def policies(usecase: UseCase, cluster: Cluster) -> set[Key]:
    """All that were kept so."""
    return {key for key in cluster.children(usecase) if key[0] == "NetworkPolicy" and SEPARATOR in key[1]}


def pods_run(usecase: UseCase, manifests: Iterable[Manifest], cluster: Cluster, *, kept: bool) -> bool:
    """Whether pods run, or end, that were started by an earlier revision than that of *manifests*, or for a component
    that is dropped.

    *kept*: pods go on by what they have, as the broker of the spec was not reached.
    """
    deployments = [each for each in manifests if each["kind"] == "Deployment"]
    dropped = _dropped(usecase, {component_of(each) for each in deployments}, cluster)
    return dropped or any(_earlier(usecase, each, cluster, kept=kept) for each in deployments)


def _dropped(usecase: UseCase, components: Collection[str | None], cluster: Cluster) -> bool:
    named = {
        name.removeprefix(child_name(usecase, ""))
        for kind, name in cluster.children(usecase)
        if kind in ("Deployment", "NetworkPolicy") and SEPARATOR not in name
    }
    return any(cluster.pods(usecase, each) for each in named - set(components))


def _earlier(usecase: UseCase, deployment: Manifest, cluster: Cluster, *, kept: bool) -> bool:
    component, metadata = component_of(deployment), deployment["metadata"]
    if not (pods := cluster.pods(usecase, component or "")):
        return False
    child = cluster.children(usecase).get(("Deployment", metadata["name"]))
    found = child.said if child and isinstance(child.said, Workload) else None
    if found is None or kept or not found.settled or found.revision != metadata["annotations"][REVISION]:
        return True
    return found.updated < found.total or pods > found.total
