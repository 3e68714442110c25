"""Writes docs/reference/usecase.md from crds/usecase.yaml: `python docs/generate_crd_reference.py`.

The CRD is the one source; the page is what it says, in the order in which people write it. A contract test compares.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
CRD = ROOT / "crds" / "usecase.yaml"
PAGE = ROOT / "docs" / "reference" / "usecase.md"
EXAMPLES = "crds/examples/"

Node = Mapping[str, Any]


def page(definition: Node) -> str:
    names, version = definition["spec"]["names"], definition["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    lines = [
        f"# {names['kind']}",
        "",
        "<!-- Generated from crds/usecase.yaml by docs/generate_crd_reference.py; edit the descriptions there. -->",
        "",
        schema["description"],
        "",
        f"`apiVersion: {definition['spec']['group']}/{version['name']}`, `kind: {names['kind']}`, namespaced; "
        f"`kubectl get {names['shortNames'][0]}`. Examples that are tested: [{EXAMPLES}](../../{EXAMPLES}).",
        "",
        "| column | says |",
        "|---|---|",
    ]
    for column in version["additionalPrinterColumns"]:
        wide = " (`-o wide`)" if column.get("priority") else ""
        lines.append(f"| {column['name']}{wide} | {column['description']} |")
    lines += _rules(schema)
    for part in ("spec", "status"):
        for path, node in _objects(schema["properties"][part], part):
            lines += _section(path, node)
    return "\n".join(lines) + "\n"


def _objects(node: Node, path: str) -> Iterator[tuple[str, Node]]:
    """Every object with fields of its own, parents first."""
    inner = node.get("items", node)
    path = f"{path}[]" if "items" in node else path
    if "properties" in inner:
        yield path, {**inner, "description": node["description"]}
        for name, field in inner["properties"].items():
            yield from _objects(field, f"{path}.{name}")


def _section(path: str, node: Node) -> list[str]:
    required = node.get("required", ())
    lines = ["", f"## {path}", "", node["description"], "", "| field | type | default | |", "|---|---|---|---|"]
    for name, field in node["properties"].items():
        default = "**required**" if name in required else _default(field)
        lines.append(f"| `{name}` | {_type(field)} | {default} | {_cell(field['description'])} |")
    return lines + _rules(node)


def _rules(node: Node) -> list[str]:
    found = [rule["message"] for rule in node.get("x-kubernetes-validations", ())]
    for name, field in node.get("properties", {}).items():
        if "properties" not in field.get("items", field) or "items" in field:
            found += [f"`{name}`: {rule['message']}" for rule in field.get("x-kubernetes-validations", ())]
    return ["", "Refused with:", "", *(f"- {_cell(message)}" for message in found)] if found else []


def _default(field: Node) -> str:
    if "default" not in field or field["default"] in ({}, ""):
        return ""
    value = field["default"]
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _type(field: Node) -> str:
    if "enum" in field:
        return " \\| ".join(f"`{word}`" for word in field["enum"])
    if field["type"] == "array":
        inner: Node = field["items"]
        of = "objects" if inner["type"] == "object" else f"{inner['type']}s"
        least = f"{field['minItems']}–" if "minItems" in field else "≤ "
        return f"list of {of}, {least}{field['maxItems']}"
    if field["type"] == "integer" and "minimum" in field:
        most = field.get("maximum")
        return f"integer, {field['minimum']}–{most}" if most is not None else f"integer, ≥ {field['minimum']}"
    if field["type"] == "object" and "properties" not in field:
        return "map" if "additionalProperties" in field else "object"
    if field["type"] == "string" and "format" in field:
        return str(field["format"])
    return str(field["type"])


def _cell(text: str) -> str:
    """Angle brackets are HTML to a Markdown reader unless they stand in code, and a bar ends the cell."""
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [part.replace("<", "&lt;").replace(">", "&gt;") for part in parts[::2]]
    return "`".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(yaml.safe_load(CRD.read_text(encoding="utf-8"))), encoding="utf-8")
