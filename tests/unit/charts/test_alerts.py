"""Every alert fires when what it names happens, and is silent when all is well: `promtool` plays both."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from unit.charts.rendered import CHART, OPERATOR, Helm

NAMESPACE = 'namespace="STACK_NAMESPACE"'
UC = 'namespace="apps",usecase="demo"'


def bucket(name: str, labels: str, below: str, rest: str) -> dict[str, str]:
    """A histogram: how many were quick, and how many there were."""
    bounds = {"0.1": below, "60": rest, "+Inf": rest}
    return {f'{name}_bucket{{{labels}le="{bound}"}}': values for bound, values in bounds.items()}


def stack(name: str, labels: str = "") -> str:
    return f"{name}{{{NAMESPACE}{',' if labels else ''}{labels}}}"


# Alert → series that make it fire, and the same series on a good day. "0+60x60": 60 more each minute, for an hour.
FLAT, GROWS, SLOWLY, MANY = "0+0x60", "0+60x60", "0+1x60", "0+600x60"
OPERATORS = {
    "UseCaseNotReady": ({f"usecase_ready{{{UC}}}": "0+0x60"}, {f"usecase_ready{{{UC}}}": "1+0x60"}),
    "UseCaseDeadLetters": (
        {f'usecase_queue_messages{{{UC},queue="q",state="dead"}}': "3+0x60"},
        {f'usecase_queue_messages{{{UC},queue="q",state="dead"}}': FLAT},
    ),
    "UseCaseTooFewPods": (
        {
            f'usecase_component_replicas{{{UC},component="api",state="ready"}}': "1+0x60",
            f'usecase_component_replicas{{{UC},component="api",state="desired"}}': "2+0x60",
        },
        {
            f'usecase_component_replicas{{{UC},component="api",state="ready"}}': "2+0x60",
            f'usecase_component_replicas{{{UC},component="api",state="desired"}}': "2+0x60",
        },
    ),
    "UseCaseDriftKeepsComing": (
        {'usecase_drift_repaired_total{system="rabbitmq"}': GROWS},
        {'usecase_drift_repaired_total{system="rabbitmq"}': SLOWLY},
    ),
    "UseCaseOperatorHasNoLeader": (  # whatever an operator of another namespace does
        {'usecase_leader{namespace="OPERATOR_NAMESPACE"}': FLAT, 'usecase_leader{namespace="other"}': "1+0x60"},
        {'usecase_leader{namespace="OPERATOR_NAMESPACE"}': "1+0x60", 'usecase_leader{namespace="other"}': FLAT},
    ),
    "UseCaseOperatorErrors": (
        {'usecase_reconciles_total{result="error"}': SLOWLY},
        {'usecase_reconciles_total{result="done"}': GROWS},
    ),
    "UseCaseOperatorSlow": (
        bucket("usecase_reconcile_seconds", "", FLAT, GROWS),
        bucket("usecase_reconcile_seconds", "", GROWS, GROWS),
    ),
    "UseCaseOperatorBehind": (
        {'usecase_reconcile_queue_length{instance="a"}': "60+0x60", 'usecase_leader{instance="a"}': "1+0x60"},
        {  # the standby has marks of all, and works on none
            'usecase_reconcile_queue_length{instance="a"}': "5+0x60",
            'usecase_leader{instance="a"}': "1+0x60",
            'usecase_reconcile_queue_length{instance="b"}': "60+0x60",
            'usecase_leader{instance="b"}': FLAT,
        },
    ),
    "UseCaseBrokerRequestsFail": (
        {
            'usecase_broker_request_seconds_count{method="GET",code="503"}': GROWS,
            'usecase_broker_request_seconds_count{method="GET",code="200"}': GROWS,
        },
        {
            'usecase_broker_request_seconds_count{method="GET",code="404"}': GROWS,
            'usecase_broker_request_seconds_count{method="GET",code="200"}': GROWS,
        },
    ),
}
API = 'service="api",method="GET",endpoint="/tasks"'
SECONDS = f"{NAMESPACE},{API},"


def relayed(exchange: str) -> str:
    return stack("outbox_relayed_total", f'exchange="{exchange}"')


def processed(queue: str, outcome: str = "acknowledged") -> str:
    return stack("messages_processed_total", f'queue="{queue}",outcome="{outcome}"')


STACK = {
    "TaskApiErrors": (
        {stack("http_requests_total", f'{API},status_code="500"'): GROWS,
         stack("http_requests_total", f'{API},status_code="200"'): GROWS},
        {stack("http_requests_total", f'{API},status_code="404"'): GROWS},
    ),
    "TaskApiSlow": (
        bucket("http_request_duration_seconds", SECONDS, FLAT, GROWS),
        bucket("http_request_duration_seconds", SECONDS, GROWS, GROWS),
    ),
    "TaskApiLeavesAPeerAlone": (
        {stack("circuit_open", 'peer="postgres-data"'): "1+0x60"},
        {stack("circuit_open", 'peer="postgres-data"'): FLAT, stack("circuit_open", 'peer="redis"'): "1+0x60"},
    ),
    "TaskCreatesUndecided": (
        {stack("creates_of_unknown_outcome"): "2+0x60"},
        {stack("creates_of_unknown_outcome"): FLAT},
    ),
    "TaskOutboxStuck": ({stack("outbox_oldest_seconds"): "0+60x60"}, {stack("outbox_oldest_seconds"): "1+0x60"}),
    "TaskMessagesUnroutable": (
        {stack("outbox_unroutable_total", 'exchange="task_events",routing_key="task.created"'): SLOWLY},
        {stack("outbox_unroutable_total", 'exchange="task_events",routing_key="task.created"'): FLAT},
    ),
    "TaskBacklogGrows": (
        {relayed("task_events"): MANY, processed("task_analytics"): GROWS},
        {relayed("task_events"): MANY, processed("task_analytics"): MANY, processed("task_reminders"): MANY},
    ),
    "TaskMessagesRejected": (
        {processed("task_analytics", "rejected"): SLOWLY},
        {processed("task_analytics", "rejected"): FLAT, processed("task_analytics"): GROWS},
    ),
    "TaskMessagesRetried": (
        {processed("task_analytics", "retried"): GROWS, processed("task_analytics"): GROWS},
        {processed("task_analytics", "retried"): SLOWLY, processed("task_analytics"): GROWS},
    ),
    "TaskRemindersLate": (
        {stack("reminders_oldest_due_seconds"): "0+60x60"},
        {stack("reminders_oldest_due_seconds"): "0 2 45 0+0x60"},
    ),
    "TaskRemindersOutOfDate": (
        {relayed("task_events"): GROWS},
        {relayed("task_events"): GROWS, processed("task_reminders"): GROWS},
    ),
    "TaskNotificationsLate": (
        {relayed("reminders"): GROWS, processed("bot_notifications"): FLAT},
        {relayed("reminders"): GROWS, processed("bot_notifications"): GROWS},
    ),
    "TaskTelegramUnreachable": (
        {stack("telegram_reachable"): FLAT},
        {stack("telegram_reachable"): "1+0x60"},
    ),
}  # fmt: skip


def case(alert: str, fires: bool, series: dict[str, str]) -> dict[str, Any]:
    """Whether *alert* fires half an hour after *series* began; what else fires does not matter."""
    question = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0'
    samples = [{"labels": "{}", "value": 1}] if fires else []
    return {
        "name": f"{alert} {'fires' if fires else 'is silent'}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": question, "eval_time": "30m", "exp_samples": samples}],
    }


def played(run_promtool: Helm, folder: Path, cases: list[dict[str, Any]]) -> str:
    """What promtool says of *cases*; "" where each came out as it should."""
    rules = [str(chart / "files" / "alerts.yaml") for chart in (OPERATOR, CHART)]
    file = folder / "test.json"
    file.write_text(json.dumps({"rule_files": rules, "evaluation_interval": "1m", "tests": cases}))
    done = run_promtool("test", "rules", str(file))
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("chart", [OPERATOR, CHART], ids=lambda chart: chart.name)
def test_promtool_finds_nothing(run_promtool: Helm, chart: Path) -> None:
    done = run_promtool("check", "rules", "--lint=all", "--lint-fatal", str(chart / "files" / "alerts.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_played() -> None:
    for chart, cases in ((OPERATOR, OPERATORS), (CHART, STACK)):
        groups = yaml.safe_load((chart / "files" / "alerts.yaml").read_text())["groups"]
        assert {rule["alert"] for group in groups for rule in group["rules"]} == set(cases)


def test_an_alert_fires_when_it_should_and_only_then(run_promtool: Helm, tmp_path: Path) -> None:
    both = {**OPERATORS, **STACK}
    bad = [case(alert, True, series) for alert, (series, _) in both.items()]
    good = [case(alert, False, series) for alert, (_, series) in both.items()]
    assert played(run_promtool, tmp_path, bad + good) == ""


@pytest.mark.parametrize(
    ("queue", "series"),
    [
        ("task_analytics", {relayed("task_events"): MANY, processed("task_reminders"): MANY}),
        ("task_reminders", {relayed("task_events"): MANY, processed("task_analytics"): MANY}),
        ("bot_notifications", {relayed("reminders"): MANY}),
        ("task_analytics", {relayed("task_events"): MANY, processed("task_reminders"): MANY,
                            processed("task_analytics", "retried"): MANY}),
    ],
    ids=["analytics", "reminders", "notifications", "retried only"],
)  # fmt: skip
def test_a_backlog_grows_where_no_consumer_was_ever_seen(
    run_promtool: Helm, tmp_path: Path, queue: str, series: dict[str, str]
) -> None:
    firing = case("TaskBacklogGrows", True, series)
    (question,) = firing["promql_expr_test"]
    question["expr"] = 'count by (queue) (ALERTS{alertname="TaskBacklogGrows",alertstate="firing"})'
    question["exp_samples"] = [{"labels": f'{{queue="{queue}"}}', "value": 1}]
    assert played(run_promtool, tmp_path, [firing]) == ""


def test_a_suspended_use_case_is_not_ready_and_nobody_is_called(run_promtool: Helm, tmp_path: Path) -> None:
    def replicas(desired: int) -> dict[str, str]:
        wanted = f'usecase_component_replicas{{{UC},component="api",state="desired"}}'
        return {f"usecase_ready{{{UC}}}": FLAT, wanted: f"{desired}+0x60"}

    cases = [case("UseCaseNotReady", False, replicas(0)), case("UseCaseNotReady", True, replicas(2))]
    assert played(run_promtool, tmp_path, cases) == ""


def test_promtool_would_say_so(run_promtool: Helm, tmp_path: Path) -> None:
    _, healthy = OPERATORS["UseCaseNotReady"]
    assert "FAILED" in played(run_promtool, tmp_path, [case("UseCaseNotReady", True, healthy)])
