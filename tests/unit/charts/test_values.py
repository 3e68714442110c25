"""Values of charts/task-management: what is refused, and that each is known and explained."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from unit.charts.rendered import CHART, Helm, Manifest


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param({"rabbitMQ": {"enabled": False}}, "rabbitMQ", id="unknown key"),
        pytest.param({"redis": {"image": {"tagg": "8"}}}, "tagg", id="unknown key, deep"),
        pytest.param({"redis": {"image": {"tag": 8}}}, "/redis/image/tag", id="a number as tag"),
        pytest.param({"redis": {"image": {"digest": "latest"}}}, "/redis/image/digest", id="no digest"),
        pytest.param({"redis": {"enabled": "no"}}, "/redis/enabled", id="a word as boolean"),
        pytest.param({"postgres": {"database": "my-db"}}, "/postgres/database", id="a database that needs quotes"),
        pytest.param({"postgres": {"storage": {"size": "big"}}}, "/postgres/storage/size", id="no size"),
        pytest.param({"networkPolicy": {"extraFrom": [{}]}}, "/networkPolicy/extraFrom/0", id="a peer that is all"),
        pytest.param({"useCase": {"enabled": True}}, "/useCase/enabled", id="a UseCase that no operator serves yet"),
    ],
)
def test_a_wrong_value_is_refused_by_name(run_helm: Helm, values: Manifest, named: str) -> None:
    done = run_helm("template", "demo", str(CHART), "--set-json", json.dumps(values))
    assert done.returncode != 0
    assert named in done.stderr


def test_a_release_name_that_leaves_no_room_for_labels_is_refused(run_helm: Helm) -> None:
    longest = run_helm("template", "a" * 40, str(CHART))
    too_long = run_helm("template", "a" * 41, str(CHART))
    assert longest.returncode == 0
    assert "may have 40: choose a shorter one" in too_long.stderr


def schema_keys(schema: Manifest, definitions: Manifest) -> dict[str, Any]:
    """Property → its own properties, for what the chart defines itself; {} at a leaf."""
    schema = definitions[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    return {key: schema_keys(value, definitions) for key, value in schema.get("properties", {}).items()}


def test_schema_and_values_name_the_same_keys() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    known = schema_keys(schema, schema["$defs"])
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    leaves = {"resources", "affinity"}  # Kubernetes' own shapes, given as a whole

    def compare(values: Manifest, known: Manifest, path: str) -> None:
        assert set(values) == set(known), path
        for key, inner in known.items():
            if inner and key not in leaves:
                compare(values[key], inner, f"{path}.{key}")

    compare(values, known, "")


def test_every_object_of_the_schema_refuses_unknown_keys() -> None:
    def walk(node: Any, path: str) -> Iterator[str]:
        if isinstance(node, dict):
            if "properties" in node and node.get("additionalProperties") is not False:
                yield path
            for key, value in node.items():
                yield from walk(value, f"{path}/{key}")

    assert list(walk(json.loads((CHART / "values.schema.json").read_text()), "")) == []


def test_every_value_is_explained() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    unexplained = []
    for number, line in enumerate(lines):
        match = re.match(r"( *)(\w+):( .+)?$", line)
        if match and match[3] and not match[1].startswith(" " * 6) and "matchLabels" not in line:
            before = [text.strip() for text in lines[max(0, number - 4) : number]]
            comment = next((text for text in reversed(before) if not text.startswith("# ") or "# --" in text), "")
            if "# --" not in comment and match[2] not in ("requests", "limits"):
                unexplained.append(f"{number + 1}: {line}")
    assert unexplained == []


def test_the_notes_say_what_to_do_next(run_helm: Helm) -> None:
    flags = ("--namespace", "apps", "--dry-run=client", "--set", "redis.enabled=false")
    notes = run_helm("install", "demo", str(CHART), *flags).stdout.split("NOTES:\n")[1]
    assert "kubectl --namespace apps rollout status statefulset/demo-postgres\n" in notes
    assert "kubectl --namespace apps get secret demo-mongodb --output jsonpath='{.data.uri}'" in notes
    assert "redis" not in notes
