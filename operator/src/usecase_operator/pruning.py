"""Deleting what is no longer rendered, in the order that leaves no gap. `reconcile` calls it; the writer deletes.

Two things have a time of their own: an autoscaler goes before anybody else says a number, a policy after the last pod.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from usecase_operator.applying import Pass
from usecase_operator.cluster.children import Child, Key
from usecase_operator.cluster.client import ApiError
from usecase_operator.metadata import child_name
from usecase_operator.model import UseCase
from usecase_operator.render.autoscaler import AUTOSCALERS
from usecase_operator.render.keda import keda_name, needs_scaler
from usecase_operator.render.secret import amqp_secret_name


class Cluster(Protocol):
    def children(self, usecase: UseCase) -> Mapping[Key, Child]: ...
    def pods(self, usecase: UseCase, component: str) -> int: ...
    async def prune(self, usecase: UseCase, keep: Collection[Key]) -> None: ...


async def prune(usecase: UseCase, keep: Collection[Key], cluster: Cluster, run: Pass) -> None:
    """Delete all children but *keep*, unless the pass was cut off; a failure is noted in *run*."""
    if run.cut_off:
        return
    try:
        await cluster.prune(usecase, keep)
    except ApiError as error:
        run.failed(error, "the deletion of what is no longer asked for")


def not_autoscalers(usecase: UseCase, cluster: Cluster) -> set[Key]:
    """An autoscaler goes before the number is written that it would change, and before its successor comes: KEDA
    refuses a ScaledObject beside an HPA.
    """
    return {key for key in cluster.children(usecase) if key[0] not in AUTOSCALERS}


def guards_of_the_leaving(usecase: UseCase, cluster: Cluster) -> set[Key]:
    """Policies of components that were dropped and still have pods: those end in their time, isolated as before."""
    if usecase.spec.isolation.network_policy == "Off":
        return set()
    return {
        (kind, name)
        for kind, name in cluster.children(usecase)
        if kind == "NetworkPolicy" and cluster.pods(usecase, name.removeprefix(child_name(usecase, "")))
    }


def passwords(usecase: UseCase) -> set[Key]:
    """Secrets with the broker's passwords, rendered or not: one that could not be put back has to be read again."""
    names = [amqp_secret_name(usecase, each) for each in usecase.spec.components if each.speaks_amqp]
    return {("Secret", name) for name in (*names, *([keda_name(usecase)] if needs_scaler(usecase) else ()))}
