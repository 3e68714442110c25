"""One run for one UseCase: read it from the mirror, carry the story out, write what is new in the status, tell it.

Whatever a pass lets through becomes a condition and a time to try again. When a status is worth a write, `pacing` says.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from usecase_operator import metrics, reasons, report
from usecase_operator.broker.brokers import Brokers
from usecase_operator.cluster.client import ApiError, Json
from usecase_operator.cluster.cluster import Cluster
from usecase_operator.cluster.lease import NotLeading
from usecase_operator.cluster.resource import FINALIZER, Gone
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.cluster.writer import Repair, failure
from usecase_operator.conditions import Outcome, conditions
from usecase_operator.decoding import DecodingError
from usecase_operator.errors import Retry, Stuck
from usecase_operator.messaging import Remember, has_messaging, made_before
from usecase_operator.model import UseCase, parse, unreadable
from usecase_operator.pacing import Pace
from usecase_operator.reconcile import Report, reconcile, refused_whole
from usecase_operator.status import Status, as_json, parse_status
from usecase_operator.teardown import tear_down
from usecase_operator.topology.ownership import vhost_name
from usecase_operator.topology.plan import Inventory
from usecase_operator.transitions import KubernetesEvent, gate_events, scale_events, transitions
from usecase_operator.work import LONGEST_PAUSE, Dirty

# Of an outage nobody tells the end: it is asked for at least this often.
OUTAGES = (reasons.API_UNAVAILABLE, reasons.BROKER_UNREACHABLE)
OUTAGE_PAUSE = 15.0
# Every request has its own limit; this is for what nobody foresaw. A pass may be cut off anywhere.
PASS_SECONDS = 300.0

SAME_VERSION = "CRD and operator are of different versions, upgrade both"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Settler:
    usecases: UseCases
    cluster: Cluster
    brokers: Brokers
    dirty: Dirty
    clock: Callable[[], float] = time.monotonic
    paces: dict[str, Pace] = field(default_factory=dict)
    known: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def settle(self, uid: str) -> None:
        """Never raises what a pass may raise; a programming error is logged and tried again later."""
        body = self.usecases.body(uid)
        if body is None:
            await self._gone(uid)
            return
        metadata = body["metadata"]
        self.known[uid] = (metadata["namespace"], metadata["name"])
        context = {"namespace": metadata["namespace"], "usecase": metadata["name"]}
        try:
            with metrics.RECONCILE.time():
                async with asyncio.timeout(PASS_SECONDS):
                    again, result = await self._run(uid, body)
        except NotLeading:
            self.dirty.add_later(uid, 1.0)
            return
        except Gone:
            return  # the mirror has forgotten it, or its watch brings the news
        except Exception:
            log.exception("a pass failed for a reason nobody foresaw; trying again", extra=context)
            again, result = self.dirty.failed(uid), "error"
        metrics.RECONCILES.labels(result).inc()
        log.debug("settled", extra={**context, "result": result, "again": again})
        if again is not None:
            self.dirty.add_later(uid, again)

    async def _run(self, uid: str, body: Json) -> tuple[float | None, str]:
        before, unread = parse_status(body), None
        try:
            usecase = parse(body)
        except DecodingError as error:
            usecase, unread = unreadable(body), Stuck(reasons.INVALID_SPEC, f"{error}: {SAME_VERSION}")
            log.error("a UseCase that the operator can't read", extra={"usecase": usecase.name, "error": str(error)})
        try:
            if usecase.metadata.deletion_timestamp:
                return await self._end(usecase, before)
            if unread:
                return await self._tell(usecase, before, refused_whole(usecase, before, unread, now())), "stuck"
            if has_messaging(usecase) and FINALIZER not in usecase.metadata.finalizers:
                await self._hold(usecase, before, body["metadata"]["resourceVersion"])
            found = await reconcile(usecase, before, self.cluster, self.brokers, self._remember(usecase, before), now())
            found = replace(found, again=_sooner(found.again, self._pause(uid, found.failed)))
            again = _sooner(found.again, await self._tell(usecase, self._latest(uid, before), found))
            if FINALIZER in usecase.metadata.finalizers and _leaves_nothing(usecase, found.status):
                await self.cluster.resource.remove_finalizer(usecase)
        except (ApiError, Retry, Stuck) as error:
            step = failure(error, "the request") if isinstance(error, ApiError) else error
            log.warning(
                "a pass was cut off", extra={"usecase": usecase.name, "reason": step.reason, "why": step.message}
            )
            pause = self._pause(uid, step)
            return (step.after or pause) if isinstance(step, Retry) else pause, "retry"
        if not found.failed:
            self.dirty.succeeded(uid)
        return again, "retry" if found.failed else "done"

    async def _hold(self, usecase: UseCase, before: Status, version: str) -> None:
        """Before anything is made in a broker. What refuses it for good, as a policy does, is told by the status."""
        try:
            await self.cluster.resource.add_finalizer(usecase, version)
        except ApiError as error:
            refused = failure(error, f"the finalizer {FINALIZER}")
            if isinstance(refused, Stuck):
                await self._tell(usecase, before, refused_whole(usecase, before, refused, now()))
            raise

    def _pause(self, uid: str, failed: Retry | Stuck | None) -> float | None:
        """Seconds until what failed is tried again."""
        if failed is None:
            return None
        return self.dirty.failed(uid, OUTAGE_PAUSE if failed.reason in OUTAGES else LONGEST_PAUSE)

    def _latest(self, uid: str, before: Status) -> Status:
        """The status as written last; `remember` may have written one in this pass."""
        body = self.usecases.body(uid)
        return parse_status(body) if body else before

    def _remember(self, usecase: UseCase, before: Status) -> Remember:
        async def remember(made: Inventory, users: tuple[str, ...]) -> None:
            promised = report.remembering(usecase, before, made, users)
            await self.cluster.resource.write_status(usecase, as_json(promised))

        return remember

    async def _tell(self, usecase: UseCase, before: Status, found: Report) -> float | None:
        """Write the status if it is news, post Events of it; seconds until a postponed write is due."""
        uid, after = usecase.metadata.uid, found.status
        for event in (*found.events, *repairs(found.repairs, found.repaired)):
            await self.cluster.events.post(usecase, event.type, event.reason, event.note)
        # The first is cheap, the second knows what is left out.
        if after == before or as_json(after) == as_json(before):
            return None
        pace = self.paces.setdefault(uid, Pace())
        if wait := pace.wait(before, after, self.clock()):
            return wait
        await self.cluster.resource.write_status(usecase, as_json(after))
        pace.wrote(before, after, self.clock())
        news = (
            *transitions(before.conditions, after.conditions),
            *gate_events(before.components, after.components),
            *scale_events(before.components, after.components),
        )
        for event in news:
            await self.cluster.events.post(usecase, event.type, event.reason, event.note)
        return None

    async def _end(self, usecase: UseCase, before: Status) -> tuple[float | None, str]:
        if FINALIZER not in usecase.metadata.finalizers:
            return None, "done"  # Kubernetes does the rest
        ended = await tear_down(usecase, before, self.cluster, self.brokers, now())
        for event in ended.events:
            await self.cluster.events.post(usecase, event.type, event.reason, event.note)
        if ended.done:
            await self.cluster.resource.let_go(usecase)
            return None, "done"
        outcome = Outcome("not reached", "not reached", "not reached", before.components, deleting=True)
        news = conditions(usecase, outcome, before, now())
        await self._tell(usecase, before, Report(replace(before, conditions=news)))
        log.debug("deleting", extra={**about(usecase), "waiting_for": ended.waiting_for})
        return ended.again, "done"

    async def _gone(self, uid: str) -> None:
        """Nobody asks for it any more."""
        self.dirty.forget(uid)
        self.paces.pop(uid, None)
        if key := self.known.pop(uid, None):
            namespace, name = key
            if self.usecases.uid_of(key) is None:
                await self.brokers.release(vhost_name(namespace, name))
            self.cluster.secret_watches.release(namespace, uid)
            # Whoever was never known may only not have been heard of yet: children come first at a start.
            self.cluster.child_index.abandon(uid)


def _leaves_nothing(usecase: UseCase, status: Status) -> bool:
    """Whether nothing is to be cleaned at its end: no messaging in the spec, nothing of an earlier one in a broker."""
    return not has_messaging(usecase) and made_before(status) == Inventory()


def repairs(children: tuple[Repair, ...], broker: tuple[str, ...]) -> list[KubernetesEvent]:
    """Events of what was put back; a child that was made for the first time is no news."""
    found = []
    for each in children:
        if each.fields:
            who = f" by {', '.join(each.managers)}" if each.managers else ""
            note = f"{each.kind} {each.name}: {', '.join(each.fields[:5])} changed{who}; put back"
            found.append(KubernetesEvent("Warning", reasons.FIELD_CONFLICT, note))
        elif each.restored:
            note = f"{each.kind} {each.name} was deleted; made again"
            found.append(KubernetesEvent("Warning", reasons.CHILD_RESTORED, note))
    if broker:
        found.append(
            KubernetesEvent("Normal", reasons.TOPOLOGY_REPAIRED, f"put back in the broker: {', '.join(broker)}")
        )
    return found


def _sooner(first: float | None, second: float | None) -> float | None:
    return min((each for each in (first, second) if each is not None), default=None)


def about(usecase: UseCase) -> dict[str, str]:
    """What a log line is about."""
    return {"namespace": usecase.namespace, "usecase": usecase.name}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
