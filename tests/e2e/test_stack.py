"""The task-management stack by both charts, from nothing: Ready, used, scaled, upgraded, rolled back, gone and back."""

import json
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from cluster.welcome import DIRECT
from e2e.charts import TAKE, Release, home_of, operator, operator_values, restrict, tasks, tasks_values

COMPONENTS = {"postgres-data", "mongo-data", "api", "bot", "reminder-worker", "analytics-worker"}

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def release(cluster: Cluster) -> Iterator[Release]:
    """Both charts, installed with --wait into empty namespaces that admit restricted pods only."""
    place = f"t-stack-{uuid.uuid4().hex[:5]}"
    home = home_of(place)
    for name in (home, place):
        cluster.kubectl("create", "namespace", name)
        restrict(cluster, name)
    served, made = operator(cluster, home), tasks(cluster, place)
    try:
        served.install(operator_values(cluster, place), *TAKE)
        made.install(tasks_values(made))
        yield made
    finally:
        made.uninstall("--ignore-not-found")
        served.uninstall("--ignore-not-found")
        for name in (home, place):
            cluster.kubectl("delete", "namespace", name, "--wait=false")


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
    values = tasks_values(release)
    values["analyticsWorker"]["env"] = [{"name": "LOG_LEVEL", "value": "DEBUG"}]
    release.install(values)
    assert replicas(release, "analytics-worker") == 3
    assert components(release)["analytics-worker"]["replicas"]["source"] == "Manual"
    values["analyticsWorker"]["scaling"] = {"replicas": 1}
    release.install(values)
    assert replicas(release, "analytics-worker") == 1


def test_an_upgrade_that_fails_is_rolled_back_while_the_old_pods_serve(release: Release) -> None:
    release.install(tasks_values(release))
    broken = tasks_values(release)
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
    release.install(tasks_values(release))
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
    release.install(tasks_values(release))
    with release.cluster.port_forward(release.namespace, f"service/{release.name}-api", 8000) as port:
        form = f"username={name}&password=a-long-password"
        token = eventually(lambda: Api(port)("POST", "/auth/token", form=form), 20, "a login")["access_token"]
        assert Api(port, token)("GET", f"/tasks/{task['id']}")["title"] == "still here tomorrow"
