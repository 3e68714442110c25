"""The task-management stack by both charts, from nothing: Ready, used, scaled, upgraded, rolled back, gone and back.

And a node goes, with or without a word. The backends are single and have their volumes on one worker: what losing that
one means stands in the page on limits (`docs/explanation/delivery-guarantees.md`). Here another worker goes, and the
API is reached through the control plane's own address.
"""

import asyncio
import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cluster import bringup, stack
from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from cluster.welcome import DIRECT
from e2e.charts import TAKE, Release, home_of, operator, operator_values, tasks, tasks_values
from e2e.stack.deployed import Deployed
from e2e.stack.kept import nothing_is_lost
from e2e.stack.load import PATIENT, loaded
from e2e.stack.nodes import COMPONENTS, answers, control_plane, docker, elsewhere, inhabit, on, workers
from integration.services.stack.callers import register
from integration.services.stack.ledger import Ledger
from integration.services.waiting import until

NODE_PORT = 30081
RATE = 50
API_SECONDS = 60
ELSEWHERE_SECONDS = 120
BACK_SECONDS = 180
ENOUGH = 200

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def release(cluster: Cluster, place: str) -> Release:
    """Both charts, installed with --wait."""
    operator(cluster, home_of(place)).install(operator_values(cluster, place), *TAKE)
    made = tasks(cluster, place)
    made.install(values_of(made))
    return made


def values_of(release: Release) -> dict[str, Any]:
    """As `make up` has them, but for the node port, and all backends on one node, so that another may go."""
    values = tasks_values(release)
    for backend in stack.BACKENDS:
        values[backend]["nodeSelector"] = {"kubernetes.io/hostname": release.cluster.nodes()[0]}
    values["api"]["expose"] = {"nodePort": NODE_PORT}
    return values


def components(release: Release) -> dict[str, Any]:
    status = release.cluster.get("usecase", release.name, "--namespace", release.namespace)["status"]
    return {each["name"]: each for each in status["components"]}


def replicas(release: Release, component: str) -> int:
    found = release.cluster.get("deployment", f"{release.name}-{component}", "--namespace", release.namespace)
    number: int = found["spec"]["replicas"]
    return number


class Api:
    """The deployed API, by a port-forward."""

    def __init__(self, port: int, token: str = "") -> None:
        self.port = port
        self.token = token

    def __call__(self, method: str, path: str, body: Any = None, form: str = "") -> Any:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self.token}"}
        data = form.encode() or (None if body is None else json.dumps(body).encode())
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}", method=method, data=data, headers=headers
        )
        try:
            with DIRECT.open(asked, timeout=20) as answer:
                return json.load(answer)
        except OSError as error:  # so that it may be waited for
            raise AssertionError(f"{method} {path}: {error}") from error


def test_when_helm_returns_all_of_it_works(release: Release) -> None:
    assert {name: each["state"] for name, each in components(release).items()} == dict.fromkeys(COMPONENTS, "Ready")
    assert "the analytics worker has counted it" in release.helm("test", "--logs")


def test_a_number_of_pods_given_by_hand_outlives_an_upgrade(release: Release) -> None:
    release.kubectl("scale", f"deployment/{release.name}-analytics-worker", "--replicas=3")
    values = values_of(release)
    values["analyticsWorker"]["env"] = [{"name": "LOG_LEVEL", "value": "DEBUG"}]
    release.install(values)
    assert replicas(release, "analytics-worker") == 3
    assert components(release)["analytics-worker"]["replicas"]["source"] == "Manual"
    values["analyticsWorker"]["scaling"] = {"replicas": 1}
    release.install(values)
    assert replicas(release, "analytics-worker") == 1


def test_an_upgrade_that_fails_is_rolled_back_while_the_old_pods_serve(release: Release) -> None:
    release.install(values_of(release))
    broken = values_of(release)
    broken["api"]["image"]["tag"] = "no-such-tag"
    broken["useCase"] = {"progressDeadlineSeconds": 30}
    with pytest.raises(ClusterError, match=r"(?s)api.*no-such-tag"):
        release.install(broken)
    api = release.cluster.get("deployment", f"{release.name}-api", "--namespace", release.namespace)
    assert api["status"]["availableReplicas"] == 2
    release.helm("rollback", "--wait", "--timeout", "3m")
    assert components(release)["api"]["state"] == "Ready"


def test_passwords_are_made_once(release: Release) -> None:
    def secrets() -> dict[str, Any]:
        found = release.cluster.get("secrets", "--namespace", release.namespace)["items"]
        return {each["metadata"]["name"]: each["data"] for each in found if each["type"] == "Opaque"}

    before = secrets()
    made = {"secrets", "postgres", "mongodb", "redis", "rabbitmq", "bot-amqp", "postgres-data-amqp"}
    assert {f"{release.name}-{name}" for name in made} <= set(before)
    release.install(values_of(release))
    assert secrets() == before


def test_yesterdays_task_is_there_after_uninstall_and_install(release: Release) -> None:
    name = f"keeper-{uuid.uuid4().hex[:6]}"
    user = {"username": name, "email": f"{name}@example.com", "password": "a-long-password"}
    with release.cluster.port_forward(release.namespace, f"service/{release.name}-api", 8000) as port:
        token = Api(port)("POST", "/auth/register", user)["access_token"]
        task = Api(port, token)("POST", "/tasks", {"title": "still here tomorrow"})
    release.uninstall()
    left = release.cluster.get("usecases,deployments,statefulsets,jobs", "--namespace", release.namespace)["items"]
    assert [each["metadata"]["name"] for each in left] == []
    release.install(values_of(release))
    with release.cluster.port_forward(release.namespace, f"service/{release.name}-api", 8000) as port:
        form = f"username={name}&password=a-long-password"
        token = eventually(lambda: Api(port)("POST", "/auth/token", form=form), 20, "a login")["access_token"]
        assert Api(port, token)("GET", f"/tasks/{task['id']}")["title"] == "still here tomorrow"


@pytest.fixture
def deployed(release: Release) -> Deployed:
    api = f"http://{control_plane()}:{NODE_PORT}"
    return Deployed(release.cluster, api, values_of(release), release.name, release.namespace)


@pytest.fixture
def other(deployed: Deployed) -> str:
    """A worker without backends; one pod of each component is on it."""
    node = workers(deployed.cluster)[1]
    inhabit(deployed.cluster, deployed, node)
    return node


@pytest.fixture
def patient(deployed: Deployed) -> Iterator[None]:
    deployed.upgrade(**PATIENT)
    yield
    deployed.upgrade()


@pytest.mark.usefixtures("patient")
async def test_a_drain_under_load_refuses_nobody(cluster: Cluster, deployed: Deployed, other: str) -> None:
    try:
        async with loaded(deployed.api, RATE) as load:
            drain = ("drain", other, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
            await asyncio.to_thread(cluster.kubectl, *drain)
            await asyncio.to_thread(deployed.settled)
    finally:
        cluster.kubectl("uncordon", other)
    print(load.told())
    assert not load.faults, "\n".join(load.faults[:20])
    assert not on(deployed, other)
    assert await nothing_is_lost(deployed, load.ledger, load.users) == len(load.ledger.acknowledged)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_the_stack_goes_on_when_a_node_is_gone(cluster: Cluster, deployed: Deployed, other: str) -> None:
    ledger, over = Ledger(), asyncio.Event()
    async with httpx.AsyncClient(base_url=deployed.api, timeout=10, trust_env=False) as api:
        callers = [await register(api) for _ in range(5)]
        async with asyncio.TaskGroup() as creating:
            for caller in callers:
                creating.create_task(
                    caller.keep_creating(ledger, lambda: over.is_set() and len(ledger.acknowledged) >= ENOUGH)
                )
            try:
                gone = time.monotonic()
                await asyncio.to_thread(docker, "stop", "--time", "1", other)
                await until(lambda: answers(api), API_SECONDS)
                answered = time.monotonic() - gone
                left = ELSEWHERE_SECONDS - answered
                await asyncio.to_thread(eventually, elsewhere(deployed, other), left, "each component on another node")
                moved = time.monotonic() - gone
            finally:
                over.set()
                await asyncio.to_thread(docker, "start", other)
                ready = ("wait", f"node/{other}", "--for=condition=Ready", f"--timeout={BACK_SECONDS}s")
                await asyncio.to_thread(cluster.kubectl, *ready)
                await asyncio.to_thread(bringup.up)  # a home-made node that starts again has no routes to the others
    deployed.settled()
    kept = await nothing_is_lost(deployed, ledger, [caller.user_id for caller in callers])
    print(f"API after {answered:.0f} s, each component elsewhere after {moved:.0f} s, {kept} tasks kept")
