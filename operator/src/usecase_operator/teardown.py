"""The end of a use case that has messaging: stop its parts in reverse order, clean the broker, let the resource go.

Each pass does the next step that is possible and waits for a change; the finalizer holds the resource meanwhile.
Nothing waits for ever, not even for an answer within a pass: pods get what their grace periods add up to, the broker
`brokerTimeoutSeconds`; past both the finalizer goes, and an Event names what was left behind and the command that
removes it. A deleter in the foreground has taken the pods already: then there is nothing left to stop.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from usecase_operator import graph, messaging, reasons
from usecase_operator.cleaning import Brokers, clean, left_in_another_broker, skipped
from usecase_operator.cluster.children import Child, Key
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.secrets import Secret, SecretsOfNamespace
from usecase_operator.errors import Retry, Stuck
from usecase_operator.model import UseCase
from usecase_operator.render.autoscaler import AUTOSCALERS
from usecase_operator.render.lifetime import termination_grace
from usecase_operator.status import Status
from usecase_operator.topology.ownership import vhost_name
from usecase_operator.topology.plan import Inventory
from usecase_operator.transitions import KubernetesEvent

log = logging.getLogger(__name__)

LOOK_AGAIN = 2.0
# Kubernetes' own, while it takes the owner out of what shall stay.
ORPHANING = "orphan"
# A connection Secret that is gone may come back for a moment, as in a release that is rolled back.
SECRET_GONE_SECONDS = 15.0
# So long after it was first asked about, a queue that can't be counted is one that stays.
COUNT_SECONDS = 30.0
# What the broker gets once more when the deadline has passed: a full pass over a broker that answers.
LAST_TRY = 10.0


class Cluster(Protocol):
    def children(self, usecase: UseCase) -> Mapping[Key, Child]: ...
    def pods(self, usecase: UseCase, component: str) -> int: ...
    async def secrets(self, usecase: UseCase) -> SecretsOfNamespace: ...
    async def delete(self, key: Key, child: Child) -> None: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """*done*: the finalizer may go. *again*: seconds until the next look. *events*: what was left behind."""

    done: bool
    again: float | None = None
    events: tuple[KubernetesEvent, ...] = ()
    waiting_for: str = ""


async def tear_down(usecase: UseCase, before: Status, cluster: Cluster, brokers: Brokers, now: str) -> Ended:
    """One pass over a UseCase that is being deleted. Raises `Retry`, `ApiError` where trying again may help."""
    if ORPHANING in usecase.metadata.finalizers:
        if messaging.made_before(before) == Inventory():
            return Ended(True)
        return Ended(True, events=(skipped(usecase, "what the use case made is left by --cascade=orphan"),))
    deleting = _seconds_deleting(usecase, now)
    left = usecase.spec.deletion_policy.broker_timeout_seconds - deleting
    stopping = _stop_seconds(usecase) - deleting
    pods_left = max(left, stopping)
    # 1. Pods first: who is used is stopped after who uses it.
    try:
        waiting = await _stop(usecase, cluster)
    except ApiError:
        if pods_left > 0:
            raise
        waiting = ""  # Kubernetes deletes them with the resource
    if waiting and pods_left > 0:
        return Ended(False, min(pods_left, 30.0), waiting_for=waiting)
    # 2. Then what they spoke through.
    patience = COUNT_SECONDS if max(left, stopping + COUNT_SECONDS) > 0 else 0.0
    elsewhere = left_in_another_broker(usecase, before)
    try:
        events = await _within(max(left, LAST_TRY), _clean(usecase, before, cluster, brokers, patience))
    except (Retry, Stuck) as failure:
        over = left <= 0 and failure.reason != reasons.PROGRESSING  # it answers, and its statistics are on their way
        if over or _secret_is_gone(failure, deleting):
            return Ended(True, events=(skipped(usecase, failure.message), *elsewhere))
        return Ended(False, min(LOOK_AGAIN, left) if left > 0 else LOOK_AGAIN, waiting_for=failure.message)
    return Ended(True, events=(*events, *elsewhere))


async def _within(seconds: float, cleaning: Awaitable[tuple[KubernetesEvent, ...]]) -> tuple[KubernetesEvent, ...]:
    """Raises `Retry` after *seconds*, whatever it is that does not answer."""
    try:
        async with asyncio.timeout(seconds):
            return await cleaning
    except TimeoutError as error:
        raise Retry(reasons.BROKER_UNREACHABLE, f"the broker was not cleaned within {seconds:.0f} s") from error


async def _stop(usecase: UseCase, cluster: Cluster) -> str:
    """Delete autoscalers, then the first wave that still runs. What is waited for, empty if all have stopped."""
    for key, child in list(cluster.children(usecase).items()):
        if key[0] in AUTOSCALERS and not child.deleting:
            await cluster.delete(key, child)
    for wave in _waves(usecase):
        running = []
        for component in wave:
            key = ("Deployment", f"{usecase.name}-{component}")
            deployment = cluster.children(usecase).get(key)
            if deployment and not deployment.deleting:
                await cluster.delete(key, deployment)
            if deployment or cluster.pods(usecase, component):
                running.append(component)
        if running:
            return f"{', '.join(running)} to stop"
    return ""


def _waves(usecase: UseCase) -> tuple[tuple[str, ...], ...]:
    try:
        return graph.stop_order(usecase)
    except Stuck:
        return (tuple(each.name for each in usecase.spec.components),)  # a circle has no order


async def _clean(
    usecase: UseCase, before: Status, cluster: Cluster, brokers: Brokers, patience: float
) -> tuple[KubernetesEvent, ...]:
    if messaging.made_before(before) == Inventory():
        return ()
    try:
        secrets: Callable[[str], Secret | None] = (await cluster.secrets(usecase)).get
    except Retry as forbidden:  # a namespace that ends takes the operator's rights with it
        if brokers.known(vhost_name(usecase.namespace, usecase.name)) is None:
            raise
        log.info("cleaning the broker without its Secret", extra={"usecase": usecase.name, "why": forbidden.message})
        secrets = _no_secret
    return await clean(usecase, before, secrets, brokers, patience=patience)


def _no_secret(_: str) -> None:
    return None


def _secret_is_gone(failure: Retry | Stuck, deleting: float) -> bool:
    lost = failure.reason in (reasons.SECRET_NOT_FOUND, reasons.SECRETS_FORBIDDEN, reasons.SECRET_KEY_MISSING)
    return lost and deleting >= SECRET_GONE_SECONDS


def _stop_seconds(usecase: UseCase) -> int:
    """What the waves may take to stop one after the other: `maxProcessingSeconds` is a promise here too."""
    specs = {each.name: each for each in usecase.spec.components}
    return sum(max(termination_grace(specs[name]) for name in wave) for wave in _waves(usecase))


def _seconds_deleting(usecase: UseCase, now: str) -> float:
    began = usecase.metadata.deletion_timestamp or now
    return (datetime.fromisoformat(now) - datetime.fromisoformat(began)).total_seconds()
