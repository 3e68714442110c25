"""JSON into records: names, shapes, and what is said of a bad field."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from usecase_operator.decoding import DecodingError, camel, decode


@dataclass(frozen=True, slots=True)
class Leaf:
    max_tries: int
    kind: Literal["A", "B"] = "A"


@dataclass(frozen=True, slots=True)
class Tree:
    leaves: tuple[Leaf, ...] = ()
    on: bool = False
    amount: int | str | None = None


def test_snake_case_fields_are_read_from_camel_case() -> None:
    assert decode(Tree, {"leaves": [{"maxTries": 3, "kind": "B"}]}) == Tree(leaves=(Leaf(3, "B"),))


def test_unknown_fields_are_passed_over() -> None:
    assert decode(Tree, {"newer": 1}) == Tree()


def test_null_is_absence() -> None:
    assert decode(Tree, {"leaves": None, "amount": None}) == Tree()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param({"leaves": [{}]}, r"leaves\[0\].maxTries: this field is required", id="required"),
        pytest.param({"leaves": [{"maxTries": "3"}]}, r"leaves\[0\].maxTries: int is expected, found str", id="type"),
        pytest.param({"leaves": [{"maxTries": True}]}, r"maxTries: int is expected, found bool", id="bool-is-no-int"),
        pytest.param({"leaves": {}}, r"leaves: a list is expected, found dict", id="list"),
        pytest.param({"leaves": [7]}, r"leaves\[0\]: an object is expected, found int", id="object"),
        pytest.param({"amount": 1.5}, r"amount: int or str is expected, found float", id="union"),
    ],
)
def test_a_bad_field_is_named_by_its_path(value: dict[str, Any], said: str) -> None:
    with pytest.raises(DecodingError, match=said):
        decode(Tree, value)


def test_names_follow_one_rule() -> None:
    assert [camel(name) for name in ("max_tries", "tls", "observed_generation")] == [
        "maxTries",
        "tls",
        "observedGeneration",
    ]
