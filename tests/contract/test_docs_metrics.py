"""docs/reference/metrics.md lists every metric that the operator and the services make, with type and labels."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pages import in_code, table
from usecases import ROOT

PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
KINDS = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram", "GaugeMetricFamily": "gauge"}
Metric = tuple[str, str, tuple[str, ...]]
"""Name as Prometheus sees it, type, labels."""


def sources() -> list[Path]:
    return [path for folder in ("operator", "services") for path in sorted((ROOT / folder).rglob("src/**/*.py"))]


def made_in(path: Path) -> Iterator[Metric]:
    """Metrics that a file makes from what it imports from `prometheus_client`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prometheus_client")
        for name in node.names
    }
    constants = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and _is_literal(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported & set(KINDS):
            kind = KINDS[node.func.id]
            name = ast.literal_eval(node.args[0])
            if kind == "counter":
                name = f"{name.removesuffix('_total')}_total"
            yield name, kind, _labels(node, constants)


def _labels(call: ast.Call, constants: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    given = [*call.args[2:3], *(each.value for each in call.keywords if each.arg in ("labelnames", "labels"))]
    if not given:
        return ()
    if isinstance(given[0], ast.Name):
        return constants[given[0].id]
    assert isinstance(given[0], ast.Tuple | ast.List)
    found: list[str] = []
    for each in given[0].elts:
        if isinstance(each, ast.Starred):
            assert isinstance(each.value, ast.Name)
            found += constants[each.value.id]
        else:
            found.append(ast.literal_eval(each))
    return tuple(found)


def _is_literal(node: ast.expr) -> bool:
    return all(isinstance(each, ast.Constant) for each in ast.walk(node) if isinstance(each, ast.expr) and each != node)


def documented() -> list[Metric]:
    rows = [
        row for heading in ("## Operator", "## Every service", "## Single services") for row in table(PAGE, heading)
    ]
    return [(in_code(row[0])[0], row[1], tuple(in_code(row[2]))) for row in rows]


def test_the_page_lists_what_the_sources_make() -> None:
    made = [metric for path in sources() for metric in made_in(path)]

    assert len(made) >= 20
    assert sorted(documented()) == sorted(made)


def test_every_metric_is_explained() -> None:
    rows = [
        row for heading in ("## Operator", "## Every service", "## Single services") for row in table(PAGE, heading)
    ]

    assert [row[0] for row in rows if not row[-1]] == []


def test_every_outcome_of_a_notification_is_explained() -> None:
    bot = ROOT / "services" / "bot" / "src" / "usecase_bot" / "notifications.py"
    page = (ROOT / "docs" / "explanation" / "delivery-guarantees.md").read_text(encoding="utf-8")
    counted = re.findall(r'_count\("(\w+)", message\)', bot.read_text(encoding="utf-8"))

    assert sorted(in_code(row[0])[0] for row in table(page, "### The bot and Telegram")) == sorted(set(counted))
