"""Which target each measure of the operator has, and that docs/reference/operator-bench.md has a row for each."""

from typing import Any

import pytest

from bench.operator.__main__ import verdicts
from usecases import ROOT

PAGE = (ROOT / "docs/reference/operator-bench.md").read_text(encoding="utf-8")
QUICK = {"p99 ms": 1.0}
AT_SCALE: dict[str, Any] = {
    "size": "SIZE",
    "writes of a use case": 50,
    "writes allowed": 50,
    "Events of a use case": 3,
    "writes on resync": 0,
    "writes on restart": 0,
    "ratio": 0.9,
    "memory MiB": 100,
    "growth KiB": 40,
    "drift": QUICK,
    "idle m cores": 2,
}
NEAR: dict[str, Any] = {
    "writes of a use case": 24,
    "writes allowed": 24,
    "Events of a use case": 3,
    "broker drift": QUICK,
    "broker requests a minute at 20": 16,
    "broker requests a minute at 50": 17,
    "ready after last child": QUICK,
}


def missed(at_scale: dict[str, Any], near: dict[str, Any]) -> list[str]:
    return [
        name
        for name, value, how, target in verdicts(AT_SCALE | at_scale, NEAR | near)
        if (value > target if how == "≤" else value < target)
    ]


@pytest.mark.parametrize(
    ("part", "size"), [pytest.param(0, "SIZE", id="what is measured"), pytest.param(1, 100, id="what was found")]
)
def test_every_measure_has_its_row_on_the_page(part: int, size: object) -> None:
    lines = PAGE.split("## Found")[part].splitlines()
    rows = [line.split(" | ")[0].removeprefix("| ") for line in lines if line.startswith("| ")]

    assert rows[1:] == [name for name, *_ in verdicts(AT_SCALE | {"size": size}, NEAR)]


def test_what_misses_its_target_is_told() -> None:
    assert missed({}, {}) == []
    assert missed({"ratio": None}, {}) == ["use cases a second ÷ bare script"]
    assert missed({"writes on restart": 1}, {}) == ["writes on a restart"]
    assert missed({}, {"Events of a use case": 9}) == ["Kubernetes Events of a use case"]
    assert missed({}, {"broker requests a minute at 50": 40}) == [
        "broker requests a minute at 50, those at 20 taken off"
    ]
