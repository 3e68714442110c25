"""The environment of a process: each relation is declared once, and arrives."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.render.environment import environment
from usecases import component, make_usecase

DATA = component("data", "DataService", uses=[{"store": "postgres", "env": "DATABASE_URL"}])


def environment_of(*components: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Of the first component: name → value, or (Secret, key)."""
    usecase = make_usecase(*components, **spec)
    found = {}
    for each in environment(usecase, usecase.spec.components[0]):
        reference = each.get("valueFrom", {}).get("secretKeyRef")
        found[each["name"]] = (reference["name"], reference["key"]) if reference else each["value"]
    return found


def test_a_component_edge_becomes_a_url() -> None:
    api = component("api", uses=[{"component": "data", "env": "DATABASE_SERVICE_URL"}])

    assert environment_of(api, DATA)["DATABASE_SERVICE_URL"] == "http://shop-data:8001"


def test_a_store_edge_becomes_the_uri_of_its_secret() -> None:
    assert environment_of(DATA)["DATABASE_URL"] == ("pg", "uri")


@pytest.mark.parametrize(
    "edges",
    [
        pytest.param({"consumes": [{"queue": "jobs"}]}, id="consumes"),
        pytest.param({"publishes": [{"exchange": "events"}]}, id="publishes"),
    ],
)
def test_a_broker_edge_gives_the_components_own_credential(edges: dict[str, Any]) -> None:
    assert environment_of(component("api", **edges))["RABBITMQ_URL"] == ("shop-api-amqp", "uri")


def test_without_a_broker_edge_there_is_no_credential() -> None:
    assert "RABBITMQ_URL" not in environment_of(component("api"))


def test_a_consumer_learns_how_its_edge_is_meant() -> None:
    worker = component(
        "worker", "Worker", consumes=[{"queue": "task-jobs.v2", "prefetch": 7, "maxProcessingSeconds": 90}]
    )
    queues = {"queues": [{"name": "task-jobs.v2", "retry": {"maxTries": 3}}]}

    found = environment_of(worker, messaging=queues)

    assert found["TASK_JOBS_V2_PREFETCH"] == "7"
    assert found["TASK_JOBS_V2_MAX_TRIES"] == "3"
    assert found["TASK_JOBS_V2_MAX_PROCESSING_SECONDS"] == "90"
    assert found["STOP_GRACE_SECONDS"] == "90"


def test_ports_are_declared_once() -> None:
    found = environment_of(component("api", http={"port": 8080}, health={"http": {"port": 9100}}))

    assert (found["PORT"], found["METRICS_PORT"]) == ("8080", "9100")


def test_health_on_the_business_port_opens_no_second_one() -> None:
    assert "METRICS_PORT" not in environment_of(component("api", health={"http": {"port": 8000}}))


def test_what_a_component_says_wins_over_the_defaults() -> None:
    api = component(
        "api",
        env=[{"name": "LEVEL", "value": "DEBUG"}],
        secretEnv=[{"name": "KEY", "secretRef": {"name": "s", "key": "k"}}],
    )
    defaults = {"env": [{"name": "LEVEL", "value": "INFO"}, {"name": "KEY", "value": "x"}, {"name": "A", "value": "1"}]}

    found = environment_of(api, defaults=defaults)

    assert (found["LEVEL"], found["KEY"], found["A"]) == ("DEBUG", ("s", "k"), "1")


def test_a_component_may_correct_what_follows_from_its_edges() -> None:
    worker = component("worker", "Worker", env=[{"name": "JOBS_PREFETCH", "value": "1"}])

    assert environment_of(worker)["JOBS_PREFETCH"] == "1"


def expanded(value: str) -> str:
    """What the kubelet makes of *value* (Kubernetes, third_party/forked/golang/expansion): `$$` is one dollar, and
    `$(NAME)` may become anything.
    """
    found, rest = "", value
    while rest:
        if rest.startswith("$$"):
            found, rest = found + "$", rest[2:]
        elif rest.startswith("$("):
            return found + "<expanded>"
        else:
            found, rest = found + rest[0], rest[1:]
    return found


@given(st.text(alphabet="$()Aa", max_size=12))
def test_a_value_arrives_as_it_was_written(value: str) -> None:
    rendered = environment_of(component("api", env=[{"name": "VALUE", "value": value}]))["VALUE"]

    assert expanded(rendered) == value


def test_every_name_stands_once() -> None:
    usecase = make_usecase(
        component("api", env=[{"name": "LEVEL", "value": "1"}]), defaults={"env": [{"name": "LEVEL", "value": "2"}]}
    )
    names = [each["name"] for each in environment(usecase, usecase.spec.components[0])]

    assert len(names) == len(set(names))
