"""JSON schemas as kubeconform reads them, made of what Kubernetes and the makers of add-ons publish.

A field that no schema names is an error, as it is to `kubectl --validate=strict`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = "{group}_{version}_{kind}.json"
LOCATION = FILE.format(group="{{.Group}}", version="{{.ResourceAPIVersion}}", kind="{{.ResourceKind}}")
"""The name of a kind's file as kubeconform puts it together: lower case, and `v1` for the group without a name."""
COMPONENTS = "#/components/schemas/"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as in conftest.py: definitions are long

Schema = dict[str, Any]


def write(folder: Path, found: Iterator[tuple[str, Schema]]) -> None:
    for name, schema in found:
        (folder / name).write_text(json.dumps(schema))


def of_openapi(path: Path) -> Iterator[tuple[str, Schema]]:
    """File and schema of each kind of a group; what it refers to comes along."""
    known = json.loads(path.read_text())["components"]["schemas"]
    for name, schema in known.items():
        kinds = schema.get("x-kubernetes-group-version-kind", ())
        if len(kinds) == 1:  # DeleteOptions and their like are of every group
            needed = {other: closed(known[other]) for other in _reached(name, known)}
            yield _file(**kinds[0]), {"$ref": f"#/definitions/{name}", "definitions": needed}


def of_definition(path: Path) -> Iterator[tuple[str, Schema]]:
    """File and schema of each version in a CustomResourceDefinition."""
    spec = yaml.load(path.read_text(), Loader=LOADER)["spec"]
    for version in spec["versions"]:
        yield _file(spec["group"], version["name"], spec["names"]["kind"]), closed(version["schema"]["openAPIV3Schema"])


def closed(node: Any) -> Any:
    """*node* without room for unknown fields, its references pointing into the same file."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: closed(value) for key, value in node.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = made["$ref"].replace(COMPONENTS, "#/definitions/")
    is_schema = made.get("type") == "object" and isinstance(made.get("properties"), dict)
    if is_schema and "additionalProperties" not in made and not made.get("x-kubernetes-preserve-unknown-fields"):
        made["additionalProperties"] = False
    return made


def _reached(name: str, known: Mapping[str, Schema]) -> set[str]:
    found, waiting = set(), {name}
    while waiting:
        found.add(each := waiting.pop())
        waiting |= set(_references(known[each])) - found
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(COMPONENTS)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _file(group: str, version: str, kind: str) -> str:
    return FILE.format(group=group or version, version=version, kind=kind.lower())
