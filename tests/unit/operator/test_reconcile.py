"""The story of a pass, with a cluster and a broker of a few lines: order, gates, and what a failure leaves alone."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from usecase_operator import reasons
from usecase_operator.backlog import Count
from usecase_operator.broker.connection import Connection
from usecase_operator.broker.emptiness import Kept
from usecase_operator.cluster.children import Child
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.secrets import Secret
from usecase_operator.errors import Retry, Stuck
from usecase_operator.infrastructure import Infrastructure, Messaging
from usecase_operator.messaging import KEPT_AGAIN
from usecase_operator.metadata import HASH, REVISION
from usecase_operator.model import UseCase
from usecase_operator.reconcile import Report, reconcile
from usecase_operator.status import BrokerConnection, Status
from usecase_operator.topology.objects import Topology
from usecase_operator.topology.plan import Inventory, Plan
from usecase_operator.workload import Workload
from usecase_operator.workloads import GARBAGE_SECONDS
from usecases import component, make_usecase

NOW = "2026-01-01T00:00:00Z"
LATER = "2026-01-01T00:00:05Z"
SECRET = Secret({}, dict.fromkeys(("amqpHost", "username", "password"), "eA==") | {"managementUri": "aHR0cDovL3g="})


class World:
    """A cluster whose Deployments are ready as soon as they are applied, unless *slow* names them."""

    def __init__(self, *slow: str) -> None:
        self.slow = slow
        self.objects: dict[tuple[str, str], Child] = {}
        self.applied: list[str] = []
        self.keda = False
        self.dns: tuple[str, ...] = ()
        self.refuses: dict[str, Exception] = {}
        self.known_secrets: dict[str, Secret] = {}
        self.running: dict[str, int] = {}
        self.ending: tuple[str, ...] = ()
        self.reads_secrets = True
        self.autoscaler: str | None = None
        self.deaf = frozenset[str]()

    def children(self, usecase: UseCase) -> Mapping[tuple[str, str], Child]:
        return self.objects

    def pods(self, usecase: UseCase, component: str) -> int:
        return self.running.get(component, 0)

    def pods_end(self, usecase: UseCase, component: str) -> bool:
        return component in self.ending

    def troubles(self, usecase: UseCase, component: str) -> tuple[Any, ...]:
        return ()

    def foreign_autoscaler(self, usecase: UseCase, component: str) -> str | None:
        return None

    def autoscaler_on(self, usecase: UseCase, component: str) -> str | None:
        return self.autoscaler

    async def secrets(self, usecase: UseCase) -> Any:
        self.reads_secrets = True
        return self.known_secrets

    def release_secrets(self, usecase: UseCase) -> None:
        self.reads_secrets = False

    async def apply(self, usecase: UseCase, manifest: dict[str, Any]) -> None:
        name = f"{manifest['kind']}/{manifest['metadata']['name']}"
        if name in self.refuses:
            raise self.refuses[name]
        if name in self.deaf:
            return
        self.applied.append(name)
        uri = manifest.get("data", {}).get("uri")
        self._keep(manifest, base64.b64decode(uri).decode() if uri else None)

    async def apply_deployment(self, usecase: UseCase, manifest: dict[str, Any], number: Any) -> None:
        live = self.number(manifest)
        wanted = number(live=live)  # before anything is written, as the writer does it
        await self.apply(usecase, manifest)
        desired = (live or 0) if wanted is None else wanted
        ready = 0 if manifest["metadata"]["name"] in self.slow else desired
        revision = manifest["metadata"]["annotations"][REVISION]
        self._keep(manifest, Workload(revision, True, desired, desired, desired, ready, False, None))

    async def keep_former(self, usecase: UseCase, manifest: dict[str, Any], name: str) -> None:
        self.applied.append(f"former {manifest['kind']}/{name}")
        self.plant(manifest["kind"], name)

    def number(self, manifest: dict[str, Any]) -> int | None:
        child = self.objects.get((manifest["kind"], manifest["metadata"]["name"]))
        return child.said.desired if child and isinstance(child.said, Workload) else None

    async def scale(self, manifest: dict[str, Any], number: int) -> None:
        self.applied.append(f"scale/{manifest['metadata']['name']}={number}")
        self.scaled(manifest["metadata"]["name"], number)

    async def prune(self, usecase: UseCase, keep: Collection[tuple[str, str]]) -> None:
        for key in self.objects.keys() - set(keep):
            self.applied.append(f"-{key[0]}/{key[1]}")
            del self.objects[key]

    def scaled(self, deployment: str, number: int) -> None:
        """As an autoscaler does it."""
        child = self.objects["Deployment", deployment]
        assert isinstance(child.said, Workload)
        said = replace(child.said, desired=number, total=number, updated=number, ready=number)
        self.objects["Deployment", deployment] = replace(child, said=said)

    def plant(self, kind: str, name: str) -> None:
        self.objects[kind, name] = Child("u", "prod", 1, "", b"", None)

    def deployments(self) -> list[str]:
        return [each.removeprefix("Deployment/") for each in self.applied if each.startswith("Deployment/")]

    def _keep(self, manifest: dict[str, Any], said: Any) -> None:
        metadata = manifest["metadata"]
        child = Child("u", metadata["namespace"], 1, metadata["annotations"][HASH], b"", said)
        self.objects[manifest["kind"], metadata["name"]] = child


class FakeBroker:
    """A broker that does what a plan says, or fails with *failure*."""

    administrator = "admin"

    def __init__(self, failure: Retry | None = None) -> None:
        self.failure = failure
        self.topology = Topology()
        self.declared: list[str] = []
        self.kept: list[Kept] = []
        self.agreed: set[str] = set()

    async def of(self, connection: Connection, vhost: str) -> Any:
        return self

    async def release(self, vhost: str) -> None:
        return None

    def known(self, vhost: str) -> None:
        return None

    async def observe(self, vhost: str, *, fresh: bool = False) -> Topology:
        if self.failure:
            raise self.failure
        return self.topology

    def counts(self, vhost: str) -> Mapping[str, Count]:
        return {}

    async def declare(self, vhost: str, plan: Plan) -> None:
        self.declared += plan.declared
        self.topology = Topology(
            plan.vhost,
            {each.name: each for each in plan.exchanges},
            {each.name: each for each in plan.queues},
            frozenset(plan.bindings),
            {each.name: each for each in plan.policies},
            {each.name: each for each in plan.users},
            {each.user: each for each in plan.permissions},
        )

    async def drop(self, plan: Plan, found: Topology, policy: Any) -> list[Kept]:
        if not self.kept:
            self.topology = Topology(self.topology.vhost)
        return self.kept

    async def put_vhost(self, vhost: Any) -> None:
        return None

    async def delete_vhost(self, name: str) -> None:
        self.topology = Topology()

    async def delete_users(self, names: Any) -> None:
        return None


async def run(
    usecase: UseCase,
    world: World,
    broker: FakeBroker,
    promised: list[Inventory] | None = None,
    before: Status = Status(),  # noqa: B008 - frozen
    now: str = NOW,
) -> Report:
    async def remember(made: Inventory, users: tuple[str, ...]) -> None:
        assert not broker.declared, "remembered before it is made"
        (promised if promised is not None else []).append(made)

    return await reconcile(usecase, before, world, broker, remember, now)


def condition(report: Report, type_: str) -> Any:
    return report.status.condition(type_)


def chain(**front: Any) -> UseCase:
    return make_usecase(
        component("front", "API", uses=[{"component": "back", "env": "BACK"}], **front),
        component("back", "API"),
        infrastructure={},
        messaging={},
    )


async def test_who_is_used_is_applied_first() -> None:
    world = World()
    await run(chain(), world, FakeBroker())
    assert [each.rpartition("-")[2] for each in world.deployments()] == ["back", "front"]


async def test_a_gate_holds_the_deployment_back_and_nothing_else() -> None:
    usecase = chain()
    world = World(f"{usecase.name}-back")
    report = await run(usecase, world, FakeBroker())
    assert world.deployments() == [f"{usecase.name}-back"]
    assert f"Service/{usecase.name}-front" in world.applied
    front = report.status.component("front")
    assert front is not None
    assert front.state == "Blocked"


async def test_a_gate_that_is_none_holds_nothing() -> None:
    usecase = make_usecase(
        component("front", "API", uses=[{"component": "back", "env": "BACK", "gate": "None"}]), component("back", "API")
    )
    world = World(f"{usecase.name}-back")
    await run(usecase, world, FakeBroker())
    assert len(world.deployments()) == 2


async def test_a_clean_pass_prunes_and_says_so() -> None:
    world = World()
    world.plant("Service", "left")
    report = await run(chain(), world, FakeBroker())
    assert world.applied[-1] == "-Service/left"
    assert condition(report, reasons.READY).status == "True"
    assert report.again is None


@pytest.mark.parametrize("isolation", ["Enforce", "Off"])
async def test_a_dropped_component_is_isolated_until_its_last_pod_has_ended(isolation: str) -> None:
    usecase, world = lone(isolation={"networkPolicy": isolation}), World()
    for kind in ("NetworkPolicy", "Service"):
        world.plant(kind, f"{usecase.name}-dropped")
    world.running["dropped"] = 1
    await run(usecase, world, FakeBroker())
    assert ("Service", f"{usecase.name}-dropped") not in world.objects
    assert (("NetworkPolicy", f"{usecase.name}-dropped") in world.objects) == (isolation == "Enforce")
    world.running.clear()
    await run(usecase, world, FakeBroker())
    assert ("NetworkPolicy", f"{usecase.name}-dropped") not in world.objects


async def test_secrets_are_watched_until_our_own_are_gone() -> None:
    usecase, world = lone(), World()
    world.plant("Secret", f"{usecase.name}-worker-amqp")
    world.refuses[f"Service/{usecase.name}-web"] = ApiError(422, "Invalid", "no")
    await run(usecase, world, FakeBroker())
    assert world.reads_secrets
    world.refuses.clear()
    await run(usecase, world, FakeBroker())
    assert ("Secret", f"{usecase.name}-worker-amqp") not in world.objects
    await run(usecase, world, FakeBroker())
    assert not world.reads_secrets


async def test_a_refused_object_keeps_everything_that_was_there() -> None:
    usecase, world = chain(), World()
    world.plant("Service", "left")
    refusal = ApiError(422, "Invalid", "spec.ports: Required value")
    world.refuses[f"Service/{usecase.name}-back"] = refusal
    report = await run(usecase, world, FakeBroker())
    assert ("Service", "left") in world.objects
    assert condition(report, reasons.ACCEPTED).reason == reasons.APPLY_REFUSED
    assert len(world.deployments()) == 2, "what does not depend on it goes on"


async def test_a_pod_without_its_policy_is_not_started() -> None:
    usecase, world = chain(), World()
    world.refuses[f"NetworkPolicy/{usecase.name}-back"] = ApiError(403, "Forbidden", "exceeded quota")
    report = await run(usecase, world, FakeBroker())
    assert world.deployments() == [], "who uses it waits for it"
    isolated = condition(report, reasons.NETWORK_ISOLATED)
    assert (isolated.status, "back" in isolated.message) == ("False", True)
    world.refuses.clear()
    await run(usecase, world, FakeBroker())
    assert len(world.deployments()) == 2


async def test_a_webhook_that_is_away_stops_only_what_it_judges() -> None:
    usecase, world = chain(), World()
    said = 'Internal error occurred: failed calling webhook "validate.nginx": connection refused'
    world.refuses[f"Service/{usecase.name}-back"] = ApiError(500, "InternalError", said)
    report = await run(usecase, world, FakeBroker())
    assert len(world.deployments()) == 2
    assert report.failed is not None


def stopped(usecase: UseCase) -> UseCase:
    return replace(usecase, spec=replace(usecase.spec, suspend=True))


async def test_what_is_made_suspended_is_there_and_has_no_pods() -> None:
    """Nothing starts, so nothing waits: it looks as one that was stopped later."""
    world = World()
    report = await run(stopped(chain()), world, FakeBroker())
    assert [each.rpartition("-")[2] for each in world.deployments()] == ["back", "front"]
    assert [each.state for each in report.status.components] == ["Suspended", "Suspended"]


async def test_what_goes_on_starts_in_order() -> None:
    usecase = chain(scaling={"replicas": 3})
    world = World(f"{usecase.name}-back")
    report = await run(stopped(usecase), world, FakeBroker())
    report = await run(usecase, world, FakeBroker(), before=report.status)
    front = report.status.component("front")
    assert front is not None
    assert (front.state, front.reason) == ("Suspended", reasons.WAITING_FOR_DEPENDENCY)
    assert [each.component for each in front.blocked_on] == ["back"]
    assert numbers(world) == {"front": 0, "back": 1}
    world.slow = ()
    world.objects.pop(("Deployment", f"{usecase.name}-back"))
    report = await run(usecase, world, FakeBroker(), before=report.status)
    assert numbers(world) == {"front": 3, "back": 1}
    assert condition(report, reasons.READY).status == "True"


async def test_a_spec_that_cant_be_carried_out_is_stopped_all_the_same() -> None:
    """And goes on with the number that somebody had set by hand, once it can be."""
    world, usecase = World(), lone(2)
    first = await run(usecase, world, FakeBroker())
    world.scaled(f"{usecase.name}-web", 4)
    first = await run(usecase, world, FakeBroker(), before=first.status)
    twice = [{"name": "ops", "containerPort": number} for number in (1, 2)]
    bad = {"spec": {"containers": [{"name": "main", "ports": twice}]}}
    broken = make_usecase(
        component("web", "API", scaling={"replicas": 2}, podTemplate=bad), infrastructure={}, messaging={}
    )
    report = await run(broken, world, FakeBroker(), before=first.status)
    assert (condition(report, reasons.ACCEPTED).status, numbers(world)) == ("False", {"web": 4})
    report = await run(stopped(broken), world, FakeBroker(), before=report.status)
    assert numbers(world) == {"web": 0}
    assert [each.state for each in report.status.components] == ["Suspended"]
    assert condition(report, reasons.ACCEPTED).status == "False"
    again = await run(stopped(broken), world, FakeBroker(), before=report.status)
    assert (again.status.components[0].state, numbers(world)) == ("Suspended", {"web": 0})
    await run(usecase, world, FakeBroker(), before=again.status)
    assert numbers(world) == {"web": 4}


def numbers(world: World) -> dict[str, int]:
    found = {name: child.said for (kind, name), child in world.objects.items() if kind == "Deployment"}
    return {name.rpartition("-")[2]: said.desired for name, said in found.items() if isinstance(said, Workload)}


def lone(replicas: int = 2, scaling: dict[str, Any] | None = None, **spec: Any) -> UseCase:
    scaling = scaling or {"replicas": replicas}
    return make_usecase(component("web", "API", scaling=scaling), infrastructure={}, messaging={}, **spec)


@pytest.mark.parametrize(
    ("before", "after", "number"),
    [
        pytest.param(lone(2), lone(5), 5, id="another-number"),
        pytest.param(lone(2, suspend=True), lone(2), 2, id="goes-on"),
    ],
)
async def test_a_number_that_could_not_be_written_is_written_later(
    before: UseCase, after: UseCase, number: int
) -> None:
    world, name = World(), f"{after.name}-web"
    first = await run(lone(2), world, FakeBroker())
    first = await run(before, world, FakeBroker(), before=first.status)
    world.refuses[f"Deployment/{name}"] = ApiError(429, "TooManyRequests", "")
    second = await run(after, world, FakeBroker(), before=first.status)
    assert second.failed is not None
    again = await run(after, world, FakeBroker(), before=second.status)
    assert condition(again, reasons.READY).status != "True"
    world.refuses.clear()
    last = await run(after, world, FakeBroker(), before=again.status)
    made = last.status.component("web")
    assert made is not None
    assert made.replicas is not None
    assert (made.state, made.replicas.desired) == ("Ready", number)


async def test_an_autoscaler_goes_before_its_successor_comes() -> None:
    queue = {"mode": "Queue", "min": 1, "max": 3, "queue": {"name": "jobs", "messagesPerReplica": 5}}
    usecase, world = shop(scaling=queue), World()
    world.keda, world.known_secrets = True, secrets_of(usecase)
    world.plant("HorizontalPodAutoscaler", f"{usecase.name}-worker")
    await run(usecase, world, FakeBroker())
    applied = [each for each in world.applied if "ScaledObject" in each or "Autoscaler" in each]
    assert applied == [f"-HorizontalPodAutoscaler/{usecase.name}-worker", f"ScaledObject/{usecase.name}-worker"]


async def test_a_number_waits_for_the_end_of_the_autoscaler_that_would_change_it() -> None:
    scaled, manual, world = lone(scaling={"mode": "CPU", "min": 3, "max": 4}), lone(1), World()
    name = f"{manual.name}-web"
    before = await run(scaled, world, FakeBroker())
    world.scaled(name, 3)
    world.applied.clear()
    world.autoscaler = f"HorizontalPodAutoscaler {name}"
    held = await run(manual, world, FakeBroker(), before=before.status)
    assert world.applied.index(f"-HorizontalPodAutoscaler/{name}") < world.applied.index(f"Deployment/{name}")
    assert numbers(world) == {"web": 3}
    told = held.status.component("web")
    assert told is not None
    assert (told.state, world.autoscaler in told.message) == ("Progressing", True)
    again = await run(manual, world, FakeBroker(), before=held.status)
    assert numbers(world) == {"web": 3}
    world.autoscaler = None
    done = await run(manual, world, FakeBroker(), before=again.status)
    assert numbers(world) == {"web": 1}
    assert condition(done, reasons.READY).status == "True"


async def test_an_api_server_that_is_away_ends_the_writing_at_once() -> None:
    usecase, world = chain(), World()
    world.refuses[f"ServiceAccount/{usecase.name}-front"] = ApiError(503, "Unavailable", "")
    report = await run(usecase, world, FakeBroker())
    assert world.applied == []
    assert report.failed is not None


def shop(**more: Any) -> UseCase:
    return make_usecase(component("worker", "Worker", **more))


def secrets_of(usecase: UseCase) -> dict[str, Secret]:
    rabbitmq = usecase.spec.infrastructure.rabbitmq
    assert rabbitmq
    return {rabbitmq.connection_secret_ref.name: SECRET}


async def test_queues_are_there_before_their_consumer_and_are_remembered_before_they_are_made() -> None:
    usecase, world, broker, promised = shop(), World(), FakeBroker(), []  # type: ignore[var-annotated]
    world.known_secrets = secrets_of(usecase)
    report = await run(usecase, world, broker, promised)
    assert promised
    assert any(each.startswith("queue ") for each in broker.declared)
    assert world.deployments() == [f"{usecase.name}-worker"]
    assert report.status.messaging is not None
    assert set(report.status.messaging.inventory.queues) == promised[0].queues


async def test_without_a_broker_no_consumer_is_started_and_a_running_one_is_left_alone() -> None:
    usecase, world = shop(), World()
    world.known_secrets = secrets_of(usecase)
    away = FakeBroker(Retry(reasons.BROKER_UNREACHABLE, "RabbitMQ does not answer"))
    report = await run(usecase, world, away)
    assert world.deployments() == []
    assert condition(report, reasons.MESSAGING_READY).reason == reasons.BROKER_UNREACHABLE
    await run(usecase, world, FakeBroker())
    before = dict(world.objects)
    await run(usecase, world, away)
    key = ("Deployment", f"{usecase.name}-worker")
    assert world.objects[key].hash == before[key].hash


async def test_a_password_that_cant_be_stored_is_told_to_nobody() -> None:
    usecase, world, broker = shop(), World(), FakeBroker()
    world.known_secrets = secrets_of(usecase)
    world.refuses[f"Secret/{usecase.name}-worker-amqp"] = Retry(reasons.NAME_CONFLICT, "it is somebody's", after=15)
    report = await run(usecase, world, broker)
    assert any(each.startswith("queue ") for each in broker.declared)
    assert [each for each in broker.declared if each.startswith("user ")] == []
    assert world.deployments() == []
    assert condition(report, reasons.CREDENTIALS_READY).status != "True"
    assert condition(report, reasons.ACCEPTED).reason == reasons.NAME_CONFLICT
    broker.declared.clear()
    await run(usecase, world, broker, before=report.status)
    assert broker.declared == [], "nothing is new"


async def test_what_was_made_in_the_broker_is_remembered_though_the_pods_cant_be_rendered() -> None:
    ports = [{"name": "ops", "containerPort": 1}]
    bad = {"spec": {"containers": [{"name": "main", "ports": [*ports, {"name": "ops", "containerPort": 2}]}]}}
    usecase, world, promised = shop(podTemplate=bad), World(), []  # type: ignore[var-annotated]
    world.known_secrets = secrets_of(usecase)
    report = await run(usecase, world, FakeBroker(), promised)
    assert condition(report, reasons.ACCEPTED).reason == reasons.POD_TEMPLATE_CONFLICT
    assert report.status.messaging is not None
    assert set(report.status.messaging.inventory.queues) == promised[0].queues


async def test_a_missing_connection_secret_is_named() -> None:
    report = await run(shop(), World(), FakeBroker())
    assert condition(report, reasons.MESSAGING_READY).reason == reasons.SECRET_NOT_FOUND


def silent(usecase: UseCase) -> UseCase:
    """*usecase*, whose spec names no broker and nothing in one any more."""
    spec = replace(
        usecase.spec,
        components=tuple(replace(each, consumes=(), publishes=()) for each in usecase.spec.components),
        infrastructure=Infrastructure(),
        messaging=Messaging(),
    )
    return replace(usecase, spec=spec)


async def test_what_was_made_in_a_broker_goes_with_the_specs_last_word_of_it() -> None:
    usecase, world, broker = shop(), World(), FakeBroker()
    world.known_secrets = secrets_of(usecase)
    before = (await run(usecase, world, broker)).status
    away = await run(silent(usecase), world, FakeBroker(Retry(reasons.BROKER_UNREACHABLE, "away")), before=before)
    assert condition(away, reasons.MESSAGING_READY).reason == reasons.BROKER_UNREACHABLE
    assert condition(away, reasons.READY).status != "True"
    report = await run(silent(usecase), world, broker, before=away.status)
    assert broker.topology == Topology()
    assert report.status.messaging is None
    assert condition(report, reasons.MESSAGING_READY) is None


async def test_a_use_case_that_moves_to_another_broker_says_what_it_leaves() -> None:
    usecase, world = shop(), World()
    world.known_secrets = secrets_of(usecase)
    before = (await run(usecase, world, FakeBroker())).status
    assert before.messaging
    elsewhere = replace(before, messaging=replace(before.messaging, connection=BrokerConnection("old-broker", 5672)))
    report = await run(usecase, world, FakeBroker(), before=elsewhere)
    assert ["old-broker" in each.note for each in report.events] == [True]
    assert report.status.messaging
    assert report.status.messaging.connection == before.messaging.connection
    assert (await run(usecase, world, FakeBroker(), before=report.status)).events == ()


async def test_who_renames_the_secret_of_a_broker_has_not_left_it() -> None:
    usecase, world, broker = shop(), World(), FakeBroker()
    world.known_secrets = secrets_of(usecase)
    before = (await run(usecase, world, broker)).status
    assert before.messaging
    renamed = replace(before, messaging=replace(before.messaging, connection=BrokerConnection("rabbit-1", 5671)))
    broker.declared.clear()
    report = await run(usecase, world, broker, before=renamed)
    assert report.events == ()
    assert report.status.messaging
    assert report.status.messaging.connection == before.messaging.connection


async def test_what_is_left_is_told_when_the_new_broker_answers() -> None:
    usecase, world = shop(), World()
    world.known_secrets = secrets_of(usecase)
    before = (await run(usecase, world, FakeBroker())).status
    assert before.messaging
    elsewhere = replace(before, messaging=replace(before.messaging, connection=BrokerConnection("old-broker", 5672)))
    away = FakeBroker(Retry(reasons.BROKER_UNREACHABLE, "away"))
    unreached = await run(usecase, world, away, before=elsewhere)
    assert unreached.events == ()
    report = await run(usecase, world, FakeBroker(), before=unreached.status)
    assert ["old-broker" in each.note for each in report.events] == [True]


async def test_a_dropped_queue_that_is_still_consumed_is_named_and_looked_at_now_and_then() -> None:
    two = {"queues": [{"name": "jobs"}, {"name": "old"}]}
    usecase, world, broker = make_usecase(component("worker", "Worker"), messaging=two), World(), FakeBroker()
    world.known_secrets = secrets_of(usecase)
    before = (await run(usecase, world, broker)).status
    broker.declared.clear()
    broker.kept = [Kept("old", "it has 1 consumers", known=False, consumed=True)]
    fewer = make_usecase(component("worker", "Worker"), messaging={"queues": [{"name": "jobs"}]})
    report = await run(fewer, world, broker, before=before)
    ready = condition(report, reasons.MESSAGING_READY)
    assert (ready.reason, "old: it has 1 consumers" in ready.message) == (reasons.QUEUE_RETAINED, True)
    assert report.again == KEPT_AGAIN


async def test_without_the_remembered_secret_what_stays_in_the_broker_is_told() -> None:
    usecase, world = shop(), World()
    world.known_secrets = secrets_of(usecase)
    before = (await run(usecase, world, FakeBroker())).status
    world.known_secrets = {}
    report = await run(silent(usecase), world, FakeBroker(), before=before)
    assert [each.reason for each in report.events] == [reasons.MESSAGING_CLEANUP_SKIPPED]
    assert "rabbitmqctl delete_vhost" in report.events[0].note
    assert report.status.messaging is None


async def test_what_is_held_is_not_started_by_its_queue() -> None:
    scaling = {"mode": "Queue", "min": 1, "max": 5, "queue": {"name": "jobs", "messagesPerReplica": 5}}
    worker = component(
        "worker", "Worker", uses=[{"component": "back", "env": "BACK"}], consumes=[{"queue": "jobs"}], scaling=scaling
    )
    usecase = make_usecase(worker, component("back", "API"), messaging={"queues": [{"name": "jobs"}]})
    world, broker = World(f"{usecase.name}-back"), FakeBroker()
    world.keda, world.known_secrets = True, secrets_of(usecase)
    report = await run(stopped(usecase), world, broker)
    world.applied.clear()
    report = await run(usecase, world, broker, before=report.status)
    held = report.status.component("worker")
    assert held is not None
    assert held.state == "Suspended"
    assert not [each for each in world.applied if "ScaledObject" in each]
    world.slow = ()
    world.objects.pop(("Deployment", f"{usecase.name}-back"))
    await run(usecase, world, broker, before=report.status)
    assert f"ScaledObject/{usecase.name}-worker" in world.applied


async def test_a_password_that_could_not_be_put_back_is_not_thrown_away() -> None:
    """Somebody fights for its Secret, and it is not our turn: the next pass reads it again."""
    world, broker, usecase = World(), FakeBroker(), shop()
    world.known_secrets = secrets_of(usecase)
    first = await run(usecase, world, broker)
    name = f"{usecase.name}-worker-amqp"
    world.plant("Secret", name)
    world.deaf = frozenset({f"Secret/{name}"})
    await run(usecase, world, broker, before=first.status)
    assert ("Secret", name) in world.objects


async def test_a_component_may_ask_the_nameservers_that_its_cluster_has() -> None:
    policies = list[dict[str, Any]]()

    class Remembering(World):
        async def apply(self, usecase: UseCase, manifest: dict[str, Any]) -> None:
            if manifest["kind"] == "NetworkPolicy":
                policies.append(manifest)
            await super().apply(usecase, manifest)

    world = Remembering()
    world.dns = ("10.96.0.10",)
    await run(chain(), world, FakeBroker())
    assert len(policies) == 2
    for policy in policies:
        assert {"ipBlock": {"cidr": "10.96.0.10/32"}} in policy["spec"]["egress"][0]["to"]


def moving(target: str, *others: str) -> UseCase:
    """`web` uses *target*; *others* stand beside."""
    web = component("web", "API", uses=[{"component": target, "env": "BACK"}])
    return make_usecase(web, *(component(each, "API") for each in sorted({target, *others})))


def policies(world: World) -> list[str]:
    return sorted(name for kind, name in world.objects if kind == "NetworkPolicy")


async def test_pods_of_the_earlier_revision_keep_the_edges_they_were_started_with() -> None:
    """The new target is not ready: `web` waits for it, and its pods go on by the old one meanwhile."""
    before, after = moving("old", "new"), moving("new", "old")
    world = World()
    first = await run(before, world, FakeBroker())
    plain = policies(world)
    world.running, world.slow = {"web": 1, "old": 1, "new": 1}, (f"{before.name}-new",)
    child = world.objects["Deployment", f"{before.name}-new"]
    assert isinstance(child.said, Workload)
    world.objects["Deployment", f"{before.name}-new"] = replace(child, said=replace(child.said, ready=0, overdue=True))
    second = await run(after, world, FakeBroker(), before=first.status)
    blocked = second.status.component("web")
    assert blocked is not None
    assert blocked.state == "Blocked"
    kept = [name for name in policies(world) if name not in plain]
    assert [name.partition(".")[0] for name in kept] == [f"{before.name}-{each}" for each in ("new", "old", "web")]
    # Kept once, also while the pods of before still end; gone with the last of them.
    world.slow, world.running["web"] = (), 2
    world.scaled(f"{before.name}-new", 1)
    third = await run(after, world, FakeBroker(), before=second.status)
    assert [name for name in policies(world) if name not in plain] == kept
    world.running["web"] = 1
    await run(after, world, FakeBroker(), before=third.status)
    assert policies(world) == plain
    assert len([each for each in world.applied if each.startswith("former")]) == 3


async def test_without_earlier_pods_new_rules_hold_at_once() -> None:
    world = World()
    first = await run(make_usecase(component("web", "API")), world, FakeBroker())
    world.running, world.applied = {"web": 1}, []
    exposed = make_usecase(component("web", "API", expose={"ingress": {"host": "shop.example.com"}}))
    await run(exposed, world, FakeBroker(), before=first.status)
    assert f"NetworkPolicy/{exposed.name}-web" in world.applied
    assert not [each for each in world.applied if each.startswith("former")]


async def test_a_bot_is_never_two_not_even_after_a_stop() -> None:
    usecase, world = make_usecase(component("bot", "Bot")), World()
    first = await run(usecase, world, FakeBroker())
    stopped_now = await run(stopped(usecase), world, FakeBroker(), before=first.status)
    name = f"{usecase.name}-bot"
    world.running = {"bot": 1}  # it still ends
    waiting = await run(usecase, world, FakeBroker(), before=stopped_now.status)
    assert world.number({"kind": "Deployment", "metadata": {"name": name}}) == 0
    held = waiting.status.component("bot")
    assert held is not None
    assert held.state == "Suspended"
    world.running = {}
    await run(usecase, world, FakeBroker(), before=waiting.status)
    assert world.number({"kind": "Deployment", "metadata": {"name": name}}) == 1


async def bot_without_its_deployment() -> tuple[UseCase, World, Report]:
    """A bot whose pod runs on, and what the first pass says that misses its Deployment: none is made yet."""
    usecase, world = make_usecase(component("bot", "Bot")), World()
    first = await run(usecase, world, FakeBroker())
    world.objects.pop(("Deployment", f"{usecase.name}-bot"))
    world.running, world.applied = {"bot": 1}, []
    second = await run(usecase, world, FakeBroker(), before=first.status)
    assert world.deployments() == []
    return usecase, world, second


async def test_a_bot_whose_deployment_was_deleted_comes_back_after_its_former_pod() -> None:
    usecase, world, second = await bot_without_its_deployment()
    assert second.again == GARBAGE_SECONDS, "nobody has told it to end yet, and may never"
    told = second.status.component("bot")
    assert told is not None
    assert told.message == "its Deployment is not there yet: it is made when its former pod is gone"
    world.ending = ("bot",)
    third = await run(usecase, world, FakeBroker(), before=second.status, now=LATER)
    assert world.deployments() == []
    world.running, world.ending = {}, ()
    await run(usecase, world, FakeBroker(), before=third.status, now=LATER)
    assert world.deployments() == [f"{usecase.name}-bot"]


async def test_a_bot_whose_pod_was_orphaned_is_taken_back_with_it() -> None:
    usecase, world, second = await bot_without_its_deployment()
    await run(usecase, world, FakeBroker(), before=second.status, now=LATER)
    assert world.deployments() == [f"{usecase.name}-bot"]


async def test_pods_of_a_component_that_is_dropped_keep_both_ends_of_their_edges() -> None:
    world = World()
    before = moving("old")
    first = await run(before, world, FakeBroker())
    world.running = {"web": 1, "old": 1}
    after = make_usecase(component("old", "API"))
    second = await run(after, world, FakeBroker(), before=first.status)
    kept = [name for name in policies(world) if "." in name]
    assert [name.partition(".")[0] for name in kept] == [f"{before.name}-old"]
    world.running.pop("web")
    await run(after, world, FakeBroker(), before=second.status)
    assert policies(world) == [f"{before.name}-old"]


async def test_former_policies_go_with_their_pods_whatever_else_fails_and_with_isolation() -> None:
    world = World()
    first = await run(moving("old", "new"), world, FakeBroker())
    world.running, world.slow = {"web": 2, "old": 1, "new": 1}, ()
    second = await run(moving("new", "old"), world, FakeBroker(), before=first.status)
    assert [name for name in policies(world) if "." in name]
    open_to_all = moving("new", "old")
    spec = replace(open_to_all.spec, isolation=replace(open_to_all.spec.isolation, network_policy="Off"))
    await run(replace(open_to_all, spec=spec), world, FakeBroker(), before=second.status)
    assert policies(world) == []
    third = await run(moving("new", "old"), world, FakeBroker(), before=second.status)
    await run(moving("old", "new"), world, FakeBroker(), before=third.status)
    assert [name for name in policies(world) if "." in name]
    world.running["web"] = 1
    world.refuses["Service/shop-web"] = Stuck(reasons.APPLY_REFUSED, "no")
    await run(moving("old", "new"), world, FakeBroker(), before=third.status)
    assert not [name for name in policies(world) if "." in name]
