"""UseCases for tests: the shortest valid ones, with the CRD's own defaults, and the examples."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from usecase_operator.model import UseCase, parse
from usecase_operator.offline import Schema, admitted, schema_of

ROOT = Path(__file__).parents[1]
CRD = ROOT / "crds" / "usecase.yaml"
EXAMPLES = sorted(path.stem for path in (ROOT / "crds" / "examples").glob("*.yaml"))
"""Names of the examples."""
UID = "11111111-2222-3333-4444-555555555555"

# What a kind can't do without.
NEEDS: dict[str, dict[str, Any]] = {
    "API": {"http": {"port": 8000}},
    "DataService": {"http": {"port": 8001}},
    "Worker": {"consumes": [{"queue": "jobs"}]},
    "Bot": {},
}
BROKER = {"connectionSecretRef": {"name": "broker"}, "reach": {"podLabels": {"app": "rabbitmq"}}}
STORE = {
    "name": "postgres",
    "type": "PostgreSQL",
    "port": 5432,
    "secretRef": {"name": "pg"},
    "reach": {"podLabels": {"app": "pg"}},
}
JOBS = {
    "exchanges": [{"name": "events"}],
    "queues": [{"name": "jobs"}],
    "bindings": [{"exchange": "events", "queue": "jobs", "routingKey": "#"}],
}


@cache
def schema() -> Schema:
    return schema_of(yaml.safe_load(CRD.read_text()))


def component(name: str, kind: str = "API", **fields: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "image": f"registry.test/{name}:1", **NEEDS[kind], **fields}


def body(*components: dict[str, Any], name: str = "shop", **spec: Any) -> dict[str, Any]:
    """A UseCase as a person writes it, with a broker, a store, an exchange and a queue to refer to."""
    return {
        "apiVersion": "usecase.dev/v1alpha1",
        "kind": "UseCase",
        "metadata": {"name": name, "namespace": "prod", "uid": UID, "generation": 3},
        "spec": {
            "infrastructure": {"rabbitmq": BROKER, "stores": [STORE]},
            "messaging": JOBS,
            "components": list(components) or [component("api")],
            **spec,
        },
    }


def make_usecase(*components: dict[str, Any], name: str = "shop", **spec: Any) -> UseCase:
    return parse(admitted(body(*components, name=name, **spec), schema()))


def example_body(name: str) -> dict[str, Any]:
    """The example as it stands in its file."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "crds" / "examples" / f"{name}.yaml").read_text())
    return found


def example(name: str) -> UseCase:
    return parse(admitted(example_body(name), schema()))
