"""The CRD walked: every field and every rule, by its path."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from usecases import CRD, schema

DEFINITION: dict[str, Any] = yaml.safe_load(CRD.read_text())


def walk(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, node
    for name, field in node.get("properties", {}).items():
        yield from walk(field, f"{path}.{name}")
    if "items" in node:
        yield from walk(node["items"], f"{path}[]")


FIELDS = list(walk(schema()))
RULES = [(path, rule) for path, node in FIELDS for rule in node.get("x-kubernetes-validations", ())]
