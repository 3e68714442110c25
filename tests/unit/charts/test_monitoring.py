"""Alerts, dashboards and monitors: their metrics exist, each alert has a runbook, and all is behind a switch."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from unit.charts.rendered import CHART, OPERATOR, Manifest, Render, named
from usecases import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
CHARTS = (OPERATOR, CHART)
ALL = {
    "rules": {"enabled": True, "runbookUrl": "https://runbooks.example"},
    "dashboard": {"enabled": True},
    "labels": {"release": "prometheus"},
}
MONITORS = {OPERATOR: "serviceMonitor", CHART: "podMonitor"}
KINDS = {"PrometheusRule", "ServiceMonitor", "PodMonitor"}
both = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)

MADE = re.compile(r'\b(Counter|Gauge|Histogram|GaugeMetricFamily)\(\s*"([a-z_]+)"')
SUFFIXES = {
    "Counter": ("_total",), "Histogram": ("_bucket", "_count", "_sum"), "Gauge": ("",), "GaugeMetricFamily": ("",),
}  # fmt: skip
# Words of PromQL, and labels, that look like metrics.
WORDS = re.compile(r'"[^"]*"|\b(?:by|ignoring|without|on) ?\([^)]*\)|\{[^}]*\}|\[[^]]*\]')


def exported() -> set[str]:
    """Every series that some process of the project offers, by reading the code that makes them."""
    sources = [*ROOT.glob("operator/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    sources += ROOT.glob("services/shared/*/src/**/*.py")
    found = set()
    for path in sources:
        for kind, name in MADE.findall(path.read_text()):
            found |= {name.removesuffix("_total") + suffix for suffix in SUFFIXES[kind]}
    return found


def series(expression: str) -> set[str]:
    return set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b(?!\()", WORDS.sub("", expression)))


def alerts(chart: Path) -> list[dict[str, Any]]:
    groups = yaml.safe_load((chart / "files" / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions(chart: Path) -> Iterator[tuple[str, str]]:
    for rule in alerts(chart):
        yield rule["alert"], rule["expr"]
    for path in sorted((chart / "files" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]


@both
def test_every_metric_that_is_asked_for_exists(chart: Path) -> None:
    known = exported()
    assert "http_requests_total" in known
    asked = {where: series(expression) for where, expression in expressions(chart)}
    assert all(asked.values()), "an expression without a metric says nothing"
    assert {where: names - known for where, names in asked.items() if names - known} == {}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    names = [rule["alert"] for chart in CHARTS for rule in alerts(chart)]
    assert len(names) == len(set(names))
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == set(names)
    index = (RUNBOOKS / "README.md").read_text()
    assert [name for name in names if f"[{name}]({name}.md)" not in index] == []


@both
def test_every_alert_says_how_bad_it_is_and_what_happened(chart: Path) -> None:
    for rule in alerts(chart):
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert len(rule["annotations"]["summary"]) > 20, rule["alert"]


@both
def test_nothing_of_prometheus_is_made_unasked(render: Render, chart: Path) -> None:
    manifests = render(chart)
    assert not KINDS & {m["kind"] for m in manifests}
    assert not [m for m in manifests if "dashboard" in m["metadata"]["name"]]


@both
def test_rules_monitors_and_dashboards_are_found_by_the_labels_given(render: Render, chart: Path) -> None:
    manifests = render(chart, {"monitoring": {**ALL, MONITORS[chart]: {"enabled": True, "interval": "5s"}}})
    made = [m for m in manifests if m["kind"] in KINDS or "dashboard" in m["metadata"]["name"]]
    assert len(made) == 3
    assert all(m["metadata"]["labels"]["release"] == "prometheus" for m in made)
    board = next(m for m in made if m["kind"] == "ConfigMap")
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert all(json.loads(text)["panels"] for text in board["data"].values())


@both
def test_a_rendered_alert_names_its_runbook_and_its_namespace(render: Render, chart: Path) -> None:
    rule = named(render(chart, {"monitoring": ALL}), "PrometheusRule", "demo")
    rendered = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    assert [each["alert"] for each in rendered] == [each["alert"] for each in alerts(chart)]
    for each in rendered:
        assert each["annotations"]["runbook_url"] == f"https://runbooks.example/{each['alert']}.md"
        assert not re.search("STACK_|OPERATOR_", each["expr"])
    if chart == CHART:
        assert all('{namespace="apps",app_kubernetes_io_instance="demo"' in each["expr"] for each in rendered)


def test_two_stacks_have_two_dashboards(render: Render) -> None:
    """Grafana's sidecar writes all of them into one folder, and Grafana knows them by uid."""
    monitoring = {"monitoring": {"dashboard": {"enabled": True}}}
    boards = [named(render(CHART, monitoring, name), "ConfigMap", f"{name}-dashboard") for name in ("demo", "next")]
    first, second = (dict(each["data"]) for each in boards)
    assert not first.keys() & second.keys()
    shown = [json.loads(text) for each in (first, second) for text in each.values()]
    assert len({each["uid"] for each in shown}) == len({each["title"] for each in shown}) == 2
    assert all(len(each["uid"]) <= 40 for each in shown)
    for name, each in zip(("demo", "next"), shown, strict=True):
        asked = [target["expr"] for panel in each["panels"] for target in panel["targets"]]
        assert all(f'{{namespace="apps",app_kubernetes_io_instance="{name}"' in expression for expression in asked)


@both
def test_without_an_address_no_alert_names_a_runbook(render: Render, chart: Path) -> None:
    rule = named(render(chart, {"monitoring": {"rules": {"enabled": True}}}), "PrometheusRule", "demo")
    rendered = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    assert rendered
    assert not [each["alert"] for each in rendered if "runbook_url" in each["annotations"]]


def test_without_a_bot_nobody_is_called_for_it(render: Render) -> None:
    rule = named(render(CHART, {"bot": {"enabled": False}, "monitoring": ALL}), "PrometheusRule", "demo")
    rendered = {each["alert"] for group in rule["spec"]["groups"] for each in group["rules"]}
    assert {each["alert"] for each in alerts(CHART)} - rendered == {"TaskNotificationsLate", "TaskTelegramUnreachable"}


def test_monitors_ask_the_port_that_serves_metrics(render: Render, operator: list[Manifest]) -> None:
    monitor = named(render(OPERATOR, {"monitoring": {"serviceMonitor": {"enabled": True}}}), "ServiceMonitor", "demo")[
        "spec"
    ]
    service = named(operator, "Service", "demo")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    pods = named(render(CHART, {"monitoring": {"podMonitor": {"enabled": True}}}), "PodMonitor", "demo")["spec"]
    golden = (ROOT / "tests" / "unit" / "operator" / "golden" / "task-management.yaml").read_text()
    deployment = next(m for m in yaml.safe_load_all(golden) if m["kind"] == "Deployment")
    template = deployment["spec"]["template"]
    wanted = {**pods["selector"]["matchLabels"], "app.kubernetes.io/instance": "task-management"}
    assert wanted.items() <= template["metadata"]["labels"].items()
    ports = [port["name"] for port in template["spec"]["containers"][0]["ports"]]
    assert pods["podMetricsEndpoints"][0]["port"] in ports


def test_a_monitor_leaves_labels_of_metrics_alone_and_adds_those_that_alerts_ask_for(render: Render) -> None:
    """`endpoint` and `namespace` are the Prometheus operator's own words too."""
    values = {"monitoring": {"podMonitor": {"enabled": True}}}
    pods = named(render(CHART, values), "PodMonitor", "demo")["spec"]
    service = named(render(OPERATOR, {"monitoring": {"serviceMonitor": {"enabled": True}}}), "ServiceMonitor", "demo")
    assert pods["podMetricsEndpoints"][0]["honorLabels"] is True
    assert service["spec"]["endpoints"][0]["honorLabels"] is True
    assert "app.kubernetes.io/instance" in pods["podTargetLabels"]
