"""The CRD says the API, the model names its fields: both have the same ones."""

import dataclasses
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from usecase_operator.decoding import camel
from usecase_operator.model import OPS, Metadata, Spec
from usecase_operator.status import Status
from usecases import component, make_usecase, schema

FREE = frozenset({"requests", "limits", "podLabels", "arguments", "podTemplate", "annotations"})
"""Maps whose keys are a user's: the model keeps them as they are."""


def in_schema(node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, field in node.get("properties", {}).items():
        inner = field.get("items", field)
        yield f"{path}{name}{'[]' if 'items' in field else ''}"
        yield from in_schema(inner, f"{path}{name}{'[]' if 'items' in field else ''}.")


def plain(shape: Any) -> tuple[Any, bool]:
    """*shape* without None, and whether it is a list."""
    if get_origin(shape) in (Union, types.UnionType):
        present = [each for each in get_args(shape) if each is not types.NoneType]
        return plain(present[0]) if len(present) == 1 else (shape, False)
    if get_origin(shape) is tuple:
        return get_args(shape)[0], True
    return shape, False


def in_model(shape: Any, path: str = "") -> Iterator[str]:
    if not dataclasses.is_dataclass(shape):
        return
    hints = get_type_hints(shape)
    for field in dataclasses.fields(shape):
        inner, listed = plain(hints[field.name])
        name = f"{path}{camel(field.name)}{'[]' if listed else ''}"
        yield name
        yield from in_model(inner, f"{name}.")


@pytest.mark.parametrize(("part", "shape"), [("spec", Spec), ("status", Status)])
def test_crd_and_model_have_the_same_fields(part: str, shape: type) -> None:
    assert sorted(in_schema(schema()["properties"][part])) == sorted(in_model(shape))


def nodes(node: Mapping[str, Any], shape: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any], Any, bool]]:
    """(path, field of the CRD, type in the model, whether the model demands it) of every field."""
    if not dataclasses.is_dataclass(shape):
        return
    hints = get_type_hints(shape)
    for field in dataclasses.fields(shape):
        name = camel(field.name)
        found = node["properties"][name]
        demanded = field.default is dataclasses.MISSING
        inner, _ = plain(hints[field.name])
        yield f"{path}.{name}", found, inner, demanded
        yield from nodes(found.get("items", found), inner, f"{path}.{name}")


FIELDS = list(nodes(schema()["properties"]["spec"], Spec, "spec"))


def test_the_model_demands_what_the_api_server_always_gives() -> None:
    """A field is there if the CRD requires it or fills it in; only then may the model count on it."""
    parents: dict[str, Mapping[str, Any]] = {"spec": schema()["properties"]["spec"]}
    parents |= {path: node.get("items", node) for path, node, _, _ in FIELDS}
    wrong = []
    for path, node, _, demanded in FIELDS:
        parent, _, name = path.rpartition(".")
        given = name in parents[parent].get("required", ()) or "default" in node
        listed = node.get("type") == "array"
        if demanded != given and not (listed and not demanded):
            wrong.append(path)
    assert wrong == []


def test_words_of_the_model_are_words_of_the_crd() -> None:
    wrong = []
    for path, node, shape, _ in FIELDS:
        words = set(get_args(shape)) if get_origin(shape) is Literal else None
        allowed = set(node.get("items", node).get("enum", ())) or None
        if words != allowed:
            wrong.append((path, words, allowed))
    assert wrong == []


KINDS = {"string": (str,), "integer": (int,), "boolean": (bool,)}


def test_scalars_have_the_same_type() -> None:
    wrong = []
    for path, node, shape, _ in FIELDS:
        kind = node.get("items", node).get("type")
        if kind in KINDS and get_origin(shape) is not Literal and shape not in KINDS[kind]:
            wrong.append((path, kind, shape))
    assert wrong == []


def test_free_maps_are_the_only_ones_without_fields() -> None:
    without = {
        path.rpartition(".")[2]
        for path, node, _, _ in FIELDS
        if node.get("type") == "object" and "properties" not in node
    }
    assert without == FREE


def test_the_model_of_the_metadata_names_fields_that_kubernetes_has() -> None:
    assert {camel(field.name) for field in dataclasses.fields(Metadata)} <= {
        "name",
        "namespace",
        "uid",
        "generation",
        "deletionTimestamp",
        "finalizers",
        "annotations",
    }


def test_a_component_without_health_is_asked_as_one_that_chose_http() -> None:
    (chosen,) = make_usecase(component("api", health={"http": {}})).spec.components
    (silent,) = make_usecase(component("api")).spec.components
    assert silent.health == chosen.health == OPS
