"""What the operator renders boots every service: the environment of each container, held against its Settings."""

import importlib
import importlib.util
import os
from typing import Any

import pytest

from usecase_operator.cli import stand_in
from usecase_operator.metadata import component_of
from usecase_operator.render import render
from usecases import example, schema

USECASE = example("task-management")
# What the Secrets hold in a real deployment, by variable.
SECRETS = {
    "DATABASE_URL": "postgresql://user:password@postgres:5432/task_management_db",
    "MONGODB_URL": "mongodb://user:password@mongodb:27017/task_analytics_db",
    "REDIS_URL": "redis://:password@redis:6379/0",
    "RABBITMQ_URL": "amqp://user:password@rabbitmq:5672/prod.task-management",
    "BOT_TOKEN": "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
}


def environments() -> dict[str, dict[str, str]]:
    """Component → its environment, every Secret filled in."""
    found = {}
    for manifest in render(USECASE, stand_in(USECASE, keda=True)):
        if manifest["kind"] == "Deployment":
            [container] = manifest["spec"]["template"]["spec"]["containers"]
            found[component_of(manifest) or ""] = {
                each["name"]: each.get("value", SECRETS.get(each["name"], "a-secret-of-at-least-32-characters"))
                for each in container["env"]
            }
    return found


def settings_module(component: str) -> str:
    return f"usecase_{component.replace('-', '_')}.settings"


ENVIRONMENTS = environments()
SERVICES = [name for name in ENVIRONMENTS if importlib.util.find_spec(settings_module(name))]


def settings_of(component: str) -> Any:
    return importlib.import_module(settings_module(component)).Settings


def test_the_example_deploys_the_services_of_this_repository() -> None:
    assert {each.name for each in USECASE.spec.components} == {
        "api",
        "bot",
        "reminder-worker",
        "analytics-worker",
        "postgres-data",
        "mongo-data",
    }
    assert {"postgres-data", "mongo-data", "reminder-worker", "analytics-worker"} <= set(SERVICES)


@pytest.mark.parametrize("component", ["reminder-worker", "analytics-worker"])
def test_a_worker_alone_does_as_the_crd_says_by_default(component: str) -> None:
    """Outside of a cluster nobody renders the settings of a queue: the code's own are the CRD's."""
    spec_schema = schema()["properties"]["spec"]["properties"]
    retry = spec_schema["messaging"]["properties"]["queues"]["items"]["properties"]["retry"]["properties"]
    consumes = spec_schema["components"]["items"]["properties"]["consumes"]["items"]["properties"]
    fields = settings_of(component).model_fields
    spec = next(each for each in USECASE.spec.components if each.name == component)
    for queue in (each.queue for each in spec.consumes):
        assert fields[f"{queue}_max_tries"].default == retry["maxTries"]["default"]
        assert fields[f"{queue}_max_processing_seconds"].default == consumes["maxProcessingSeconds"]["default"]


@pytest.mark.parametrize("component", SERVICES)
def test_a_service_starts_with_what_is_rendered(component: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENTS[component].items():
        monkeypatch.setenv(name, value)

    assert settings_of(component)().model_dump()


@pytest.mark.parametrize("component", SERVICES)
def test_a_service_knows_every_variable_of_its_edges(component: str) -> None:
    """A variable under a name that nobody reads is a relation that is declared and does not work."""
    fields = settings_of(component).model_fields
    known = {str(field.validation_alias or name).upper() for name, field in fields.items()}
    spec = next(each for each in USECASE.spec.components if each.name == component)
    declared = {each.env for each in spec.uses} | {each.name for each in (*spec.env, *spec.secret_env)}
    derived = {"RABBITMQ_URL", "PORT", "METRICS_PORT", "STOP_GRACE_SECONDS"} & set(ENVIRONMENTS[component])
    derived |= {
        f"{each.queue.upper()}_{what}"
        for each in spec.consumes
        for what in ("PREFETCH", "MAX_TRIES", "MAX_PROCESSING_SECONDS")
    }

    assert (declared | derived) - known == set()
