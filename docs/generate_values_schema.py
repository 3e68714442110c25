"""Writes each chart's values.schema.json from its values.yaml: `python docs/generate_values_schema.py`.

Keys, types and descriptions come from values.yaml, so that the schema refuses exactly what is not there; narrower rules
for single values stand in charts/values.rules.yaml, by the path of the value. A contract test compares.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from generate_charts import CHARTS, ROOT, values

RULES = ROOT / "charts" / "values.rules.yaml"
TYPES = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}

Schema = dict[str, Any]

GLOBAL = "global."
"""Helm hands the globals of a parent to each of its charts: there may be keys that this one does not know."""
OF_A_PARENT: Schema = {
    "enabled": {"type": "boolean", "description": "The condition of a parent that depends on this chart; not read here"}
}


def generated() -> dict[Path, str]:
    """Every schema file and what has to stand in it."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return {chart / "values.schema.json": json.dumps(_schema(chart, rules), indent=2) + "\n" for chart in CHARTS}


def _schema(chart: Path, rules: Mapping[str, Any]) -> Schema:
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    said = {value.key: value.description for value in values(text)}
    body = _object(yaml.safe_load(text), "", said, rules["values"])
    body["properties"] |= OF_A_PARENT
    used = _definitions(body, rules["definitions"])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Values of the {chart.name} chart"}
    return {**head, **body, "$defs": {name: rules["definitions"][name] for name in sorted(used)}}


def _object(node: Mapping[str, Any], path: str, said: Mapping[str, str], rules: Mapping[str, Schema]) -> Schema:
    properties = {key: _value(value, f"{path}{key}", said, rules) for key, value in node.items()}
    return {"type": "object", "additionalProperties": path == GLOBAL, "properties": properties}


def _value(value: Any, path: str, said: Mapping[str, str], rules: Mapping[str, Schema]) -> Schema:
    described = {"description": said[path]} if path in said else {}
    for pattern, rule in rules.items():
        if fnmatchcase(path, pattern):
            return {**described, **rule}
    if isinstance(value, dict):
        if path in said:
            raise SystemExit(f"{path}: explained as one value, so charts/values.rules.yaml has to say what it may be")
        return _object(value, f"{path}.", said, rules)
    if isinstance(value, list):
        raise SystemExit(f"{path}: charts/values.rules.yaml has to say what its items may be")
    return {**described, "type": TYPES[type(value)]}


def _definitions(node: Any, known: Mapping[str, Schema]) -> set[str]:
    """Those that *node* refers to, by way of others too."""
    found: set[str] = set()
    waiting = set(_references(node))
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(_references(known[name])) - found
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix("#/$defs/")
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


if __name__ == "__main__":
    for file, content in generated().items():
        file.write_text(content, encoding="utf-8")
