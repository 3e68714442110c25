"""Installs that can't succeed: Helm fails, and what it prints names the cause and the next step.

So do the conditions of the UseCase, for whoever asks later. That a cluster without the definition is told what to
install first is `unit/charts/test_usecase.py`: no other test on this cluster could bear that it is taken away.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from cluster import stack
from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from e2e.charts import TAKE, Release, home_of, operator, operator_values, tasks, tasks_values

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def served(cluster: Cluster, place: str) -> str:
    """A namespace that an operator serves."""
    operator(cluster, home_of(place)).install(operator_values(cluster, place), *TAKE)
    return place


@pytest.fixture
def release(cluster: Cluster, served: str) -> Iterator[Release]:
    made = tasks(cluster, served)
    yield made
    made.uninstall("--ignore-not-found", "--no-hooks")
    cluster.kubectl("--namespace", served, "delete", "usecase,pvc,secret", "--all", "--timeout=150s")


def broken(release: Release, **changed: dict[str, Any]) -> dict[str, Any]:
    """The stack's values, with *changed* over them; it gives up after half a minute."""
    values = tasks_values(release)
    values["useCase"] = {"progressDeadlineSeconds": 30, "deletionPolicy": {"brokerTimeoutSeconds": 20}}
    for key, more in changed.items():
        values[key] = {**values.get(key, {}), **more}
    return values


def backends_first(release: Release) -> None:
    """Else a slow one would be what the use case waits for when its half minute is over."""
    release.install({**broken(release), "useCase": {"enabled": False}})


def fails(release: Release, values: dict[str, Any], cause: str, *flags: str) -> None:
    """Helm gives up on the UseCase, not on something else, and its message is the cause."""
    first = rf"UseCase/{release.namespace}/{release.name} not ready\. status: \w+, message: .*"
    with pytest.raises(ClusterError, match=first + cause):
        release.install(values, *flags)


def says(release: Release, **conditions: tuple[str, str]) -> None:
    """The UseCase has these conditions, with this status and reason each; and it is stalled."""
    wanted = {**conditions, "Stalled": ("True", "ProgressDeadlineExceeded")}
    found = {each["type"]: (each["status"], each["reason"]) for each in status(release)["conditions"]}
    assert {name: found.get(name) for name in wanted} == wanted


def status(release: Release) -> dict[str, Any]:
    found: dict[str, Any] = release.cluster.get("usecase", release.name, "--namespace", release.namespace)["status"]
    return found


def test_an_image_that_does_not_exist_is_named(release: Release) -> None:
    backends_first(release)
    image = {"repository": "usecase.local/postgres-data", "tag": "no-such-tag"}
    fails(release, broken(release, postgresData={"image": image}), "postgres-data: .*no-such-tag")
    missing = ("False", "ImagePullBackOff")
    says(release, Ready=missing, ComponentsReady=missing)


def test_a_wrong_password_is_named(release: Release) -> None:
    """The broker was made with one password, the Secret says another: as after a Secret that somebody wrote by hand."""
    backends_first(release)
    release.kubectl("patch", "secret", "tasks-rabbitmq", "--type=merge", "--patch", '{"stringData": {"password": "x"}}')
    fails(release, broken(release), "AuthenticationFailed: .*tasks-rabbitmq")
    refused = ("False", "AuthenticationFailed")
    says(release, Ready=refused, CredentialsReady=refused, MessagingReady=refused)


def test_a_broker_that_is_not_there_is_named(release: Release) -> None:
    keys = {"managementUri": "http://nowhere.invalid:15672", "amqpHost": "nowhere.invalid", "username": "u"}
    literals = [f"--from-literal={key}={value}" for key, value in {**keys, "password": "p"}.items()]
    release.kubectl("create", "secret", "generic", "nowhere", *literals)
    reach = {"cidrs": ["198.51.100.7/32"]}
    elsewhere = {"enabled": False, "existingSecret": "nowhere", "external": {"reach": reach}}
    fails(release, broken(release, rabbitmq=elsewhere), r"BrokerUnreachable: .*nowhere\.invalid")
    away = "BrokerUnreachable"
    says(release, Ready=("False", away), CredentialsReady=("Unknown", away), MessagingReady=("Unknown", away))


def test_bad_values_are_refused_before_anything_is_made(cluster: Cluster, release: Release) -> None:
    with pytest.raises(
        ClusterError, match=r"(?s)specifications of the schema.*additional properties 'replica' not allowed"
    ):
        release.install(broken(release, api={"replica": 3}))
    assert cluster.get("usecases,statefulsets,secrets", "--namespace", release.namespace)["items"] == []


def test_without_an_operator_helm_says_that_nobody_looked(cluster: Cluster, namespace: str) -> None:
    """Nothing but the UseCase is installed: there is nothing else to wait for."""
    release = tasks(cluster, namespace)
    external = {"enabled": False, "existingSecret": "given", "external": {"reach": {"cidrs": ["198.51.100.7/32"]}}}
    values = {"bot": {"enabled": False}, **dict.fromkeys(stack.BACKENDS, external)}
    try:
        fails(release, values, "", "--timeout", "5s")
        assert status(release) == {"observedGeneration": -1}
    finally:
        release.uninstall("--no-hooks")
