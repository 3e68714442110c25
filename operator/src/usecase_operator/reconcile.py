"""The story of one pass: bring the world a step nearer to what the UseCase asks, and report how far it got.

1. decide the order  2. read Secrets  3. the broker  4. render  5. everything but workloads  6. workloads, wave by wave,
each waiting for what it uses; autoscalers go before them and come after them  7. prune, only after a clean apply
8. say what is true.

Level-triggered and idempotent: it may be cut off anywhere and run again. Steps fail as `Retry` or `Stuck`; what fails
is kept for the status, and what does not depend on it goes on. `settle` calls this, writes the status and waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from usecase_operator import applying, former, graph, messaging, pruning, reasons, report, workloads
from usecase_operator import credentials as credentials_of
from usecase_operator.applying import Pass, apply
from usecase_operator.cleaning import Brokers, clean, left_in_another_broker, skipped
from usecase_operator.cluster.secrets import SecretsOfNamespace
from usecase_operator.cluster.writer import Repair
from usecase_operator.component_state import seconds_left
from usecase_operator.conditions import Outcome, Step
from usecase_operator.credentials import Credentials
from usecase_operator.errors import Retry, Stuck
from usecase_operator.messaging import Remember
from usecase_operator.metadata import Manifest, component_of
from usecase_operator.model import UseCase
from usecase_operator.pruning import guards_of_the_leaving, not_autoscalers, passwords, prune
from usecase_operator.render import Given, broker_secrets, render
from usecase_operator.render.autoscaler import AUTOSCALERS
from usecase_operator.render.secret import references
from usecase_operator.status import ComponentStatus, Status
from usecase_operator.topology.desired import component_users
from usecase_operator.topology.plan import Inventory
from usecase_operator.transitions import KubernetesEvent
from usecase_operator.workload import Trouble

# What only a person can mend may be mended where no watch tells of it.
STUCK_AGAIN = 120.0


class Cluster(workloads.Cluster, applying.Cluster, pruning.Cluster, former.Cluster, Protocol):
    @property
    def dns(self) -> tuple[str, ...]: ...
    async def secrets(self, usecase: UseCase) -> SecretsOfNamespace: ...
    def release_secrets(self, usecase: UseCase) -> None: ...


@dataclass(frozen=True, slots=True)
class Report:
    """*status* as it should be written. *again*: seconds until the next look, None if only a change can bring news.
    *failed*: a step asks to be tried again. *repairs*, *repaired*: children and broker objects that were put back.
    """

    status: Status
    again: float | None = None
    failed: Retry | None = None
    repairs: tuple[Repair, ...] = ()
    repaired: tuple[str, ...] = ()
    events: tuple[KubernetesEvent, ...] = ()


async def reconcile(
    usecase: UseCase, before: Status, cluster: Cluster, brokers: Brokers, remember: Remember, now: str
) -> Report:
    """One pass over *usecase*; *before* is its status as last written."""
    run = Pass()
    try:
        # 1. A circle of gates could never start.
        waves = graph.start_order(usecase)
        # 2. Without the Secrets nothing can be rendered: pods would roll for a digest that is only unknown.
        secrets = await _secrets(usecase, before, cluster)
    except (Retry, Stuck) as refused:
        return await _refused(usecase, before, refused, cluster, now)

    # 3. Queues first: nothing may consume from a queue that is not there.
    broker = await _broker(usecase, before, secrets, cluster, brokers, remember, run)

    # 4. Decide.
    digests, missing = _read_references(usecase, secrets)
    credentials = broker.credentials
    given = Given(credentials.uris, credentials.scaler, digests, cluster.keda, cluster.dns)
    try:
        manifests = render(usecase, given)
    except Stuck as refused:
        return await _refused(usecase, before, refused, cluster, now, broker)

    # 5. What pods need around them.
    deployments = {component_of(each): each for each in manifests if each["kind"] == "Deployment"}
    others = [each for each in manifests if each["kind"] != "Deployment"]
    unheard = component_users(usecase) if broker.step != "done" else ()
    kept = bool(unheard) and broker.began is None
    await former.keep_policies(usecase, manifests, cluster, run, kept=kept)
    await apply(usecase, [each for each in others if each["kind"] not in AUTOSCALERS], cluster, run)

    # 6. Pods, in the order in which they need each other. Who is to decide their number alone has no autoscaler beside.
    keep = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    await prune(usecase, keep | not_autoscalers(usecase, cluster), cluster, run)
    unguarded = _unguarded(usecase, others, cluster)
    unable = {*unguarded, *(name for name in component_users(usecase) if name not in credentials.uris)}
    plan = workloads.Plan(before, waves, deployments, {*missing, *unable}, {*unheard, *unable})
    components = await workloads.start(usecase, plan, cluster, run, now)
    # One of a Deployment that is not there yet would only complain, one of a component that is held would start it.
    held = {each.name for each in components if each.state == "Suspended" and not usecase.suspended_by}
    scaled = [each for each in others if each["kind"] in AUTOSCALERS and component_of(each) not in held]
    await apply(usecase, [each for each in scaled if _has_deployment(usecase, each, cluster)], cluster, run)

    # 7. What is no longer asked for.
    if spent := former.spent(usecase, manifests, cluster, kept=kept):
        await prune(usecase, cluster.children(usecase).keys() - spent, cluster, run)
    if not run.failures:
        spared = guards_of_the_leaving(usecase, cluster) | passwords(usecase) | former.policies(usecase, cluster)
        await prune(usecase, keep | spared, cluster, run)

    # 8. What is true now.
    return _report(usecase, before, run, broker, components, missing, unguarded, cluster, now)


async def _secrets(usecase: UseCase, before: Status, cluster: Cluster) -> SecretsOfNamespace | None:
    """None where the use case names no Secret and has none left: then the operator needs no access to any."""
    spoke = messaging.has_messaging(usecase) or messaging.made_before(before) != Inventory()
    spoke = spoke or any(kind == "Secret" for kind, _ in cluster.children(usecase))
    if spoke or any(references(usecase, each) for each in usecase.spec.components):
        return await cluster.secrets(usecase)
    cluster.release_secrets(usecase)
    return None


async def _broker(
    usecase: UseCase,
    before: Status,
    secrets: SecretsOfNamespace | None,
    cluster: Cluster,
    brokers: Brokers,
    remember: Remember,
    run: Pass,
) -> messaging.Outcome:
    async def store(made: Credentials) -> Credentials:
        given = Given(made.uris, made.scaler, keda=cluster.keda)
        await apply(usecase, broker_secrets(usecase, given), cluster, run)
        return credentials_of.stored(made, usecase, cluster.children(usecase))

    if secrets is None:
        return messaging.Outcome(made=messaging.made_before(before))
    if not messaging.has_messaging(usecase):
        return await _without_messaging(usecase, before, secrets, brokers)
    found = await messaging.settle(usecase, before, secrets.get, cluster.children(usecase), brokers, remember, store)
    # Whoever renames the Secret, or turns on TLS, has not left the broker: what was made is found in it again.
    left = left_in_another_broker(usecase, before) if found.began == "empty" else ()
    return replace(found, events=(*found.events, *left))


async def _without_messaging(
    usecase: UseCase, before: Status, secrets: SecretsOfNamespace, brokers: Brokers
) -> messaging.Outcome:
    """The spec names nothing in a broker any more: what was made there goes."""
    made = messaging.made_before(before)
    if made == Inventory():
        return messaging.Outcome()
    try:
        return messaging.Outcome(events=await clean(usecase, before, secrets.get, brokers))
    except (Retry, Stuck) as failed:
        if failed.reason == reasons.SECRET_NOT_FOUND:  # nobody will bring back what the spec no longer names
            return messaging.Outcome(events=(skipped(usecase, failed.message),))
        return messaging.Outcome(failed, made=made)


def _read_references(
    usecase: UseCase, secrets: SecretsOfNamespace | None
) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Digests of the Secret values that components read, and component → what it misses, in words."""
    digests: dict[tuple[str, str], str] = {}
    missing: dict[str, str] = {}
    for component in usecase.spec.components:
        for name, key in references(usecase, component):
            found = secrets.get(name) if secrets else None
            value = found.digests.get(key) if found else None
            if value is not None:
                digests[name, key] = value
            else:
                lack = f"Secret {name} has no key {key}" if found else f"Secret {name} (key {key}) does not exist"
                missing.setdefault(component.name, lack)
    return digests, missing


def _unguarded(usecase: UseCase, manifests: Iterable[Manifest], cluster: Cluster) -> list[str]:
    """Components whose NetworkPolicy is not there, not even an older one: their pods would be open to all."""
    policies = [each for each in manifests if each["kind"] == "NetworkPolicy"]
    there = cluster.children(usecase)
    return [str(component_of(each)) for each in policies if ("NetworkPolicy", each["metadata"]["name"]) not in there]


def _has_deployment(usecase: UseCase, manifest: Manifest, cluster: Cluster) -> bool:
    """Autoscaler and Deployment of a component have one name."""
    return ("Deployment", manifest["metadata"]["name"]) in cluster.children(usecase)


def _scaling(usecase: UseCase, cluster: Cluster) -> tuple[Trouble, ...]:
    if usecase.suspended_by:  # what stands still on purpose reads no metrics
        return ()
    found = []
    children = cluster.children(usecase)
    for component in usecase.spec.components:
        kind = {"CPU": "HorizontalPodAutoscaler", "Queue": "ScaledObject"}.get(component.scaling.mode)
        child = children.get((kind, f"{usecase.name}-{component.name}")) if kind else None
        if foreign := cluster.foreign_autoscaler(usecase, component.name):
            said = f"{component.name}: HorizontalPodAutoscaler {foreign} scales its Deployment too: delete it"
            found.append(Trouble(reasons.AUTOSCALER_CONFLICT, said))
        elif component.scaling.mode == "Queue" and not cluster.keda:
            said = f"{component.name}: mode Queue needs KEDA, which is not installed; it runs at its minimum"
            found.append(Trouble(reasons.ENGINE_MISSING, said))
        elif child and isinstance(child.said, Trouble):
            found.append(Trouble(child.said.reason, f"{component.name}: {child.said.message}"))
    return tuple(found)


async def _refused(
    usecase: UseCase,
    before: Status,
    refused: Retry | Stuck,
    cluster: Cluster,
    now: str,
    broker: messaging.Outcome | None = None,
) -> Report:
    """Of a spec that can't be carried out only the stop is. Raises `ApiError`."""
    if usecase.suspended_by and refused.reason != reasons.API_UNAVAILABLE:  # which is over in a moment
        # KEDA would start again what is stopped here; what goes on gets it back.
        await cluster.prune(usecase, {key for key in cluster.children(usecase) if key[0] != "ScaledObject"})
        before = replace(before, components=await workloads.stop(usecase, before, cluster, now))
    return refused_whole(usecase, before, refused, now, broker)


def refused_whole(
    usecase: UseCase, before: Status, refused: Retry | Stuck, now: str, broker: messaging.Outcome | None = None
) -> Report:
    """The report where nothing was done, but in the *broker*: everything else stays as it was last seen."""
    outcome = Outcome(refused, "not reached", "not reached", before.components, dead_letters=before.dead_letters)
    broker = broker or messaging.Outcome(made=messaging.made_before(before))
    found = _found(usecase, before, broker.made, broker) if broker.made != Inventory() else None
    again = refused.after if isinstance(refused, Retry) else None
    return Report(
        status=report.status(usecase, outcome, found, before, now),
        again=again,
        failed=refused if isinstance(refused, Retry) else None,
        events=broker.events,
    )


def _report(
    usecase: UseCase,
    before: Status,
    run: Pass,
    broker: messaging.Outcome,
    components: tuple[ComponentStatus, ...],
    missing: Mapping[str, str],
    unguarded: Sequence[str],
    cluster: Cluster,
    now: str,
) -> Report:
    accepted: Step = run.failures[0] if run.failures else "done"
    if missing and accepted == "done":
        lacks = "; ".join(f"{name}: {lack}" for name, lack in sorted(missing.items()))
        reason = reasons.SECRET_KEY_MISSING if "has no key" in lacks else reasons.SECRET_NOT_FOUND
        accepted = Retry(reason, f"{lacks}. Create it", after=300)
    has_broker = messaging.has_messaging(usecase)
    outcome = Outcome(
        accepted=accepted,
        credentials=messaging.credentials_step(usecase, broker),
        messaging=broker.step,
        components=components,
        retained=messaging.retained(usecase, broker),
        dead_letters=report.dead_letter_count(usecase, broker.counts, before) if has_broker else None,
        scaling=_scaling(usecase, cluster),
        leaving=not has_broker and broker.made != Inventory(),
        unguarded=tuple(unguarded),
    )
    found = _found(usecase, before, broker.made, broker) if has_broker or broker.made != Inventory() else None
    steps = [*run.failures, broker.step]
    retries = [each for each in steps if isinstance(each, Retry)]
    deadline = usecase.spec.progress_deadline_seconds
    looks = [broker.again, *run.looks, *(each.after for each in retries)]
    looks += [STUCK_AGAIN for each in steps if isinstance(each, Stuck)]
    looks += [left for each in components if (left := seconds_left(each, deadline, now)) is not None and left > 0]
    return Report(
        status=report.status(usecase, outcome, found, before, now),
        again=min((each for each in looks if each is not None), default=None),
        failed=next((each for each in retries if each.after is None), None),
        repairs=tuple(run.repairs),
        repaired=broker.repaired,
        events=broker.events,
    )


def _found(usecase: UseCase, before: Status, made: Inventory, broker: messaging.Outcome) -> report.MessagingFound:
    known = before.messaging.inventory.users if before.messaging else ()
    reached = broker.began is not None
    return report.MessagingFound(made, broker.users or known, broker.counts, broker.foreign, reached)
