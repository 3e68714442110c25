"""Stands in for the API server where there is none: `render -f`, and the tests' builders.

Fills in the CRD's defaults and refuses fields that the CRD does not know, as `kubectl apply` does. CEL rules and value
ranges are the API server's alone.
"""

import copy
from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

Schema = Mapping[str, Any]

NO_UID = "00000000-0000-0000-0000-000000000000"
"""The UID of what no API server has seen."""


class RefusedError(ValueError):
    """The CRD has no such field, or requires one that is missing; says its path."""


def crd() -> dict[str, Any]:
    """The CustomResourceDefinition that this operator was made for."""
    text = resources.files("usecase_operator").joinpath("usecase.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def schema_of(definition: Mapping[str, Any]) -> Schema:
    found: Schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def admitted(body: Mapping[str, Any], schema: Schema, namespace: str = "default") -> dict[str, Any]:
    """*body* as the API server would store it: defaults filled in, in *namespace* if it names none.

    Raises RefusedError for a field that would be refused.
    """
    metadata = {"namespace": namespace, "uid": NO_UID, "generation": 1, **body.get("metadata", {})}
    found: dict[str, Any] = _filled({**body, "metadata": metadata}, schema, "")
    return found


def _filled(value: Any, schema: Schema, path: str) -> Any:
    if isinstance(value, Mapping) and "properties" in schema:
        return _object(value, schema, path)
    if isinstance(value, list) and "items" in schema:
        return [_filled(each, schema["items"], f"{path}[{index}]") for index, each in enumerate(value)]
    return value


def _object(value: Mapping[str, Any], schema: Schema, path: str) -> dict[str, Any]:
    fields = schema["properties"]
    prefix = f"{path}." if path else ""
    if unknown := [name for name in value if name not in fields]:
        raise RefusedError(f"{prefix}{unknown[0]}: unknown field; {path or 'a UseCase'} has {', '.join(fields)}")
    if missing := [name for name in schema.get("required", ()) if name not in value]:
        raise RefusedError(f"{prefix}{missing[0]}: this field is required")
    found = {}
    for name, field in fields.items():
        given = value.get(name, copy.deepcopy(field.get("default")))
        if given is not None:
            found[name] = _filled(given, field, f"{prefix}{name}")
    return found
