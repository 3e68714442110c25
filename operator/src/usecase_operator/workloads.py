"""A pass's pods: each Deployment whose gate is open is applied, in the order in which components need each other.

Called by `reconcile` once everything that pods need is there. What decides (gates, numbers, states) is pure and stands
elsewhere; here it is asked in turn.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Protocol

from usecase_operator import graph
from usecase_operator.applying import Pass
from usecase_operator.cluster.children import Child, Key
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.writer import Number, Repair
from usecase_operator.component_state import UP, Seen, component_status, overdue
from usecase_operator.errors import Retry, Stuck
from usecase_operator.metadata import REVISION, Manifest, child_name
from usecase_operator.model import Component, UseCase
from usecase_operator.render.natures import nature
from usecase_operator.replicas import effective_mode, number_to_write, report, waits_for_autoscaler
from usecase_operator.status import ComponentStatus, Status
from usecase_operator.workload import Trouble, Workload

# For Kubernetes' garbage collector, to tell the pods of a Deployment that was deleted.
GARBAGE_SECONDS = 5


class Cluster(Protocol):
    @property
    def keda(self) -> bool: ...
    def children(self, usecase: UseCase) -> Mapping[Key, Child]: ...
    def troubles(self, usecase: UseCase, component: str) -> tuple[Trouble, ...]: ...
    def foreign_autoscaler(self, usecase: UseCase, component: str) -> str | None: ...
    def autoscaler_on(self, usecase: UseCase, component: str) -> str | None: ...
    def pods(self, usecase: UseCase, component: str) -> int: ...
    def pods_end(self, usecase: UseCase, component: str) -> bool: ...
    async def apply_deployment(self, usecase: UseCase, manifest: Manifest, number: Number) -> Repair | None: ...
    async def scale(self, manifest: Manifest, number: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """*waves*: names of components, each behind those it uses. *deployments*: what was rendered, by component.

    *lacking*: components that miss a Secret. *unheard*: those whose broker is not ready for them.
    """

    before: Status
    waves: tuple[tuple[str, ...], ...]
    deployments: Mapping[str | None, Manifest]
    lacking: Collection[str]
    unheard: Collection[str]


async def start(usecase: UseCase, plan: Plan, cluster: Cluster, run: Pass, now: str) -> tuple[ComponentStatus, ...]:
    """Apply each Deployment whose gate is open; the state of every component, in the order of the spec."""
    specs = {each.name: each for each in usecase.spec.components}
    done: dict[str, ComponentStatus] = {}
    for name in chain.from_iterable(plan.waves):
        done[name] = await _start(usecase, specs[name], plan, done.values(), cluster, run, now)
    return tuple(done[each.name] for each in usecase.spec.components)


async def stop(usecase: UseCase, before: Status, cluster: Cluster, now: str) -> tuple[ComponentStatus, ...]:
    """Stop the pods of a suspended use case whose spec can't be carried out; the numbers to return to are kept.

    Raises `ApiError`.
    """
    return tuple(
        [await _stop(usecase, each, before.component(each.name), cluster, now) for each in usecase.spec.components]
    )


async def _stop(
    usecase: UseCase, component: Component, previous: ComponentStatus | None, cluster: Cluster, now: str
) -> ComponentStatus:
    _, found = _deployment(usecase, component.name, cluster)
    if found and found.desired:
        metadata = {"namespace": usecase.namespace, "name": child_name(usecase, component.name)}
        await cluster.scale({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}, 0)
    mode = effective_mode(component, keda=cluster.keda)
    numbers = report(
        component,
        mode,
        number=0,
        foreign_autoscaler=False,
        by=None,
        previous=previous.replicas if previous else None,
        suspended=True,
        now=now,
    )
    seen = Seen(component, mode, "", found, numbers, suspended_by=usecase.suspended_by)
    return component_status(seen, previous, now)


async def _start(
    usecase: UseCase,
    component: Component,
    plan: Plan,
    done: Collection[ComponentStatus],
    cluster: Cluster,
    run: Pass,
    now: str,
) -> ComponentStatus:
    """One component, after the *done* ones."""
    name, manifest = component.name, plan.deployments[component.name]
    previous, suspended = plan.before.component(name), bool(usecase.suspended_by)
    mode = effective_mode(component, keda=cluster.keda)
    _, live = _deployment(usecase, name, cluster)
    revision = manifest["metadata"]["annotations"][REVISION]
    ready = {each.name for each in done if each.state in UP}
    failed = {each.name for each in done if each.state == "Failed"}
    decide = partial(number_to_write, component, mode, previous=previous, suspended=suspended)
    number = decide(live=live.desired if live else None)
    # Of what stands still nothing starts, so nothing waits; what goes on starts in order, as at first.
    resumes = bool(previous and previous.state == "Suspended" and live and live.desired == 0 and number)
    starts = live is None or live.revision != revision or resumes
    blocked = graph.blocked_on(usecase, name, ready, failed) if starts and not suspended else ()
    # A lost Secret is no reason to replace pods that run, a broker that is away none to start new consumers.
    held = name in (plan.unheard if live is None else plan.lacking)
    unwritten = live is not None and number is not None
    waits = unwritten and waits_for_autoscaler(component, mode, suspended=suspended)
    leaving = cluster.autoscaler_on(usecase, name) if waits else None
    first = bool(number) and not (live and live.desired)
    if first and not nature(component).overlaps and _has_former_pod(usecase, name, live, previous, cluster, now):
        leaving = "its former pod"
    if not run.cut_off:
        try:
            if not blocked and not held:
                run.repaired(await cluster.apply_deployment(usecase, manifest, _stays if leaving else decide))
                unwritten = leaving is not None
            elif live is not None and number is not None and not leaving and not (blocked and resumes):
                await cluster.scale(manifest, number)
                unwritten = False
        except _NotYet:
            run.looks.append(GARBAGE_SECONDS)
        except (Retry, Stuck, ApiError) as error:
            run.failed(error, f"Deployment {manifest['metadata']['name']}")
    child, found = _deployment(usecase, name, cluster)
    numbers = report(
        component,
        mode,
        number=found.desired if found else number or 0,
        foreign_autoscaler=cluster.foreign_autoscaler(usecase, name) is not None,
        by=child.scaled_by if child else None,
        previous=previous.replicas if previous else None,
        suspended=suspended,
        now=now,
        unwritten=unwritten,
    )
    troubles = cluster.troubles(usecase, name)
    seen = Seen(component, mode, revision, found, numbers, troubles, blocked, usecase.suspended_by, unwritten, leaving)
    return component_status(seen, previous, now)


class _NotYet(Exception):  # noqa: N818 - said, not an error
    """There is no Deployment, and it is not the time to make one."""


def _stays(*, live: int | None) -> None:
    """A `Number`: nobody's turn to write one. Raises `_NotYet` where there is no Deployment to leave as it is."""
    if live is None:
        raise _NotYet


def _has_former_pod(
    usecase: UseCase,
    component: str,
    live: Workload | None,
    previous: ComponentStatus | None,
    cluster: Cluster,
    now: str,
) -> bool:
    """Whether a pod of before may still work. Two that poll take each other's messages, and neither a new Deployment
    nor a number counts pods that end.
    """
    if not cluster.pods(usecase, component):
        return False
    if live is not None or cluster.pods_end(usecase, component):
        return True
    # Nobody has told it to end. Those of a Deployment that is gone are told so within moments; those of one that was
    # orphaned never are: the next Deployment takes them over.
    return not (previous and previous.state == "Pending" and overdue(previous, GARBAGE_SECONDS, now))


def _deployment(usecase: UseCase, component: str, cluster: Cluster) -> tuple[Child | None, Workload | None]:
    child = cluster.children(usecase).get(("Deployment", child_name(usecase, component)))
    return child, child.said if child and isinstance(child.said, Workload) else None
