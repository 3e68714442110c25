"""The checked-in AsyncAPI document is what contracts and example say now, and describes what really travels."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import yaml

from usecases import ROOT

PAGE = ROOT / "docs" / "reference" / "asyncapi.json"
GOLDENS = sorted((ROOT / "tests" / "contract" / "messages").glob("*.json"))
DOCUMENT: dict[str, Any] = json.loads(PAGE.read_text(encoding="utf-8"))
USECASE: dict[str, Any] = yaml.safe_load((ROOT / "crds" / "examples" / "task-management.yaml").read_text())
MESSAGING = USECASE["spec"]["messaging"]


def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("generate_asyncapi", ROOT / "docs" / "generate_asyncapi.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    node = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_the_document_is_fresh() -> None:
    written = PAGE.read_text(encoding="utf-8")
    command = "PYTHONPATH=services/shared/contracts/src python docs/generate_asyncapi.py"
    assert written == generator().page(USECASE), f"run `{command}`"


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 20
    for reference in found:
        assert resolve(reference)


def test_channels_are_the_exchanges_and_queues_of_the_example() -> None:
    kinds = {name: channel["bindings"]["amqp"]["is"] for name, channel in DOCUMENT["channels"].items()}
    assert kinds == {each["name"]: "routingKey" for each in MESSAGING["exchanges"]} | {
        each["name"]: "queue" for each in MESSAGING["queues"]
    }


def test_operations_are_the_edges_of_the_example() -> None:
    edges = {
        (
            component["name"],
            "send" if kind == "publishes" else "receive",
            edge["exchange" if kind == "publishes" else "queue"],
        )
        for component in USECASE["spec"]["components"]
        for kind in ("publishes", "consumes")
        for edge in component.get(kind, [])
    }
    found = {
        (name.split("-sends-")[0].split("-receives-")[0], each["action"], each["channel"]["$ref"].rsplit("/", 1)[-1])
        for name, each in DOCUMENT["operations"].items()
    }
    assert found == edges


@pytest.mark.parametrize("file", GOLDENS, ids=lambda file: file.stem)
def test_what_travels_is_what_the_document_says(file: Path) -> None:
    golden = json.loads(file.read_text())
    payload = resolve(f"#/components/messages/{golden['event_type']}")["payload"]
    jsonschema.Draft202012Validator(payload | {"components": DOCUMENT["components"]}).validate(golden)


def test_every_message_is_received_by_somebody() -> None:
    received = {
        name
        for each in DOCUMENT["operations"].values()
        if each["action"] == "receive"
        for name in resolve(each["channel"]["$ref"])["messages"]
    }
    assert received == set(DOCUMENT["components"]["messages"])
