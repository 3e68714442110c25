"""The Secrets that open the backends: made once and kept, or the user's own."""

import re

import pytest

from unit.charts.rendered import BACKENDS, CHART, Manifest, Render, containers, decoded, env, one, pod

PASSWORD = "(?P<password>[A-Za-z0-9]{32})"


@pytest.mark.parametrize(
    ("backend", "uri"),
    [
        ("postgres", rf"postgresql://task_management:{PASSWORD}@demo-postgres\.apps\.svc:5432/task_management_db"),
        ("mongodb", rf"mongodb://task_analytics:{PASSWORD}@demo-mongodb\.apps\.svc:27017/task_analytics_db\?authSource=admin"),
        ("redis", rf"redis://:{PASSWORD}@demo-redis\.apps\.svc:6379/0"),
    ],
)  # fmt: skip
def test_a_store_is_opened_by_one_uri(default: list[Manifest], backend: str, uri: str) -> None:
    secret = decoded(one(default, "Secret", backend))
    match = re.fullmatch(uri, secret["uri"])
    assert match is not None, secret["uri"]
    assert match["password"] == secret["password"]


def test_the_operator_gets_its_connection_to_the_broker(default: list[Manifest]) -> None:
    secret = decoded(one(default, "Secret", "rabbitmq"))
    assert re.fullmatch(PASSWORD, secret.pop("password"))
    assert secret == {
        "managementUri": "http://demo-rabbitmq.apps.svc:15672",
        "amqpHost": "demo-rabbitmq.apps.svc",
        "username": "admin",
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_made_secret_is_kept_as_long_as_the_volume_it_opens(default: list[Manifest], backend: str) -> None:
    assert one(default, "Secret", backend)["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_existing_secret_takes_the_place_of_a_made_one(render: Render, backend: str) -> None:
    manifests = render(CHART, {backend: {"existingSecret": "mine"}})
    assert f"demo-{backend}" not in {m["metadata"]["name"] for m in manifests if m["kind"] == "Secret"}
    used = [value["secretKeyRef"]["name"] for container in containers(pod(manifests, backend))
            for value in env(container).values() if isinstance(value, dict) and "secretKeyRef" in value]  # fmt: skip
    assert used
    assert set(used) == {"mine"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pod_asks_only_for_keys_that_the_made_secret_has(default: list[Manifest], backend: str) -> None:
    keys = set(one(default, "Secret", backend)["data"])
    for container in containers(pod(default, backend)):
        for value in env(container).values():
            if isinstance(value, dict) and "secretKeyRef" in value:
                assert value["secretKeyRef"]["key"] in keys


def test_a_mongodb_without_login_is_given_none(render: Render) -> None:
    manifests = render(CHART, {"mongodb": {"auth": {"enabled": False}}})
    assert decoded(one(manifests, "Secret", "mongodb")) == {
        "uri": "mongodb://demo-mongodb.apps.svc:27017/task_analytics_db"
    }
    assert env(pod(manifests, "mongodb")["spec"]["containers"][0]) == {}
    assert not [m for m in manifests if m["kind"] == "ConfigMap" and m["metadata"]["name"] == "demo-mongodb"]
