"""Edges of pods that still run: while a revision rolls out, or waits behind its gate, the policies under which earlier
pods were started stay beside the new ones.

Policies add up, so a former one needs no merging: it keeps its rules under a name of its own. `reconcile` calls
`keep_policies` before it writes new rules, deletes what is `spent`, and spares `policies` when it deletes what is no
longer rendered. Pods are looked at last: as a rule no policy changes, and none is kept.
"""

from collections.abc import Collection, Mapping, Sequence
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


async def keep_policies(
    usecase: UseCase, manifests: Sequence[Manifest], cluster: Cluster, run: Pass, *, kept: bool
) -> None:
    """While earlier pods run, keep a copy of each NetworkPolicy that *manifests* would change.

    *kept*: pods go on by what they have, as the broker of the spec was not reached.
    """
    changed = [
        (each, child.hash)
        for each in manifests
        if each["kind"] == "NetworkPolicy"
        and (child := cluster.children(usecase).get((each["kind"], each["metadata"]["name"])))
        and child.hash not in (None, each["metadata"]["annotations"][HASH])
    ]
    if not changed or not _pods_run(usecase, manifests, cluster, kept=kept):
        return
    for manifest, before in changed:
        if run.cut_off:
            return
        name = manifest["metadata"]["name"]
        try:
            await cluster.keep_former(usecase, manifest, f"{name}{SEPARATOR}{before}")
        except (ApiError, Retry) as error:
            run.failed(error, f"the former NetworkPolicy {name}")


def policies(usecase: UseCase, cluster: Cluster) -> set[Key]:
    """All that were kept so."""
    return {key for key in cluster.children(usecase) if key[0] == "NetworkPolicy" and SEPARATOR in key[1]}


def spent(usecase: UseCase, manifests: Sequence[Manifest], cluster: Cluster, *, kept: bool) -> set[Key]:
    """Of what was kept so, what nobody needs any more: no earlier pod is left, or nobody is isolated."""
    found = policies(usecase, cluster)
    if not found:
        return found
    off = usecase.spec.isolation.network_policy == "Off"
    return set() if not off and _pods_run(usecase, manifests, cluster, kept=kept) else found


def _pods_run(usecase: UseCase, manifests: Sequence[Manifest], cluster: Cluster, *, kept: bool) -> bool:
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
