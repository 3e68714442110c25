"""Which bound each measure of the services has, and that docs/reference/services-bench.md has a row for each."""

from typing import Any

import pytest

from bench.services.verdicts import Verdict, as_json, as_markdown, verdicts
from usecases import ROOT

SERVICES = ("analytics-worker", "api", "bot", "mongo-data", "postgres-data", "reminder-worker")
PAGE = (ROOT / "docs/reference/services-bench.md").read_text(encoding="utf-8")


def ratio(found: float | None, *measured: float) -> dict[str, Any]:
    return {"ratio": found, "rounds": [[6_000, each, 0] for each in measured]}


def report(**changed: Any) -> dict[str, Any]:
    """What a run gathers in which every bound is met."""
    creates = {"all six at work": ratio(0.3, 700, 900, 800), "api and postgres-data alone": ratio(0.4)}
    return {
        "outbox relay drain / windowed confirms": ratio(0.7),
        "create / raw asyncpg, one transaction per create": creates,
        "create / raw asyncpg, coalesced": creates,
        "seed load test": {"tasks": 50, "seconds": 0.3, "tasks_per_second": 160.0},
        "publish to analytics p99 / bare p99": ratio(2.5),
        "memory MiB": {
            "idle": dict.fromkeys(SERVICES, 80.0) | {"bot": 105.0},
            "most under load": dict.fromkeys(SERVICES, 100.0),
        },
        "start to ready s": dict.fromkeys(SERVICES, 0.7) | {"bot": 1.6},
    } | changed


def missed(**changed: Any) -> list[str]:
    return [each.measure for each in verdicts(report(**changed)) if not each.met]


def test_every_measure_says_its_bound_and_whether_it_is_met() -> None:
    found = as_json(verdicts(report()))
    assert all(each.keys() == {"measure", "found", "bound", "met"} for each in found)
    assert [each["measure"] for each in found if each["met"] is not True] == []


@pytest.mark.parametrize(
    ("changed", "measure"),
    [
        ({"publish to analytics p99 / bare p99": ratio(3.1)}, "publish to analytics p99 / bare p99"),
        ({"outbox relay drain / windowed confirms": ratio(None)}, "outbox relay drain / windowed confirms"),
        ({"seed load test": {"seconds": 1, "tasks_per_second": 50.0}}, "seed load test, tasks/s"),
        ({"start to ready s": dict.fromkeys(SERVICES, 1.1)}, "start to ready, s, the slowest but the bot"),
    ],
    ids=["too slow", "no round counts", "not more than the seed asks for", "too late"],
)
def test_a_bound_that_is_missed_is_named(changed: dict[str, Any], measure: str) -> None:
    assert missed(**changed) == [measure]


def test_creates_a_second_are_the_median_of_all_rounds() -> None:
    slow = {"all six at work": ratio(0.3, 700, 749, 800), "api and postgres-data alone": ratio(0.3)}
    assert missed(**{"create / raw asyncpg, coalesced": slow}) == ["creates/s, all six at work: 15 × the seed's 50"]


def test_a_row_is_readable() -> None:
    found = [Verdict("a", 0.31, "≥", 0.2), Verdict("b", None, "≤", 3)]
    assert as_markdown(found).splitlines()[2:] == ["| a | 0.31 | ≥ 0.2 | yes |", "| b | void | ≤ 3 | **no** |"]


def test_the_page_has_a_row_for_each_measure_with_its_bound() -> None:
    results = PAGE.partition("## Results")[2]
    rows = [line.split(" | ") for line in results.splitlines() if line.startswith("| ")][1:]
    assert [(cells[0].removeprefix("| "), cells[2]) for cells in rows] == [
        (each.measure, each.bound) for each in verdicts(report())
    ]
