"""What Prometheus is told of UseCases: read off status and counts when it asks, by the leader alone."""

from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from usecase_operator.backlog import Count
from usecase_operator.gauges import Gauges

COUNTS = {"prod.shop": {"jobs": Count(7, 1), "jobs.dlq": Count(4, 0), "other": Count(None, None)}}
STATUS: dict[str, Any] = {
    "conditions": [{"type": "Ready", "status": "True"}],
    "components": [{"name": "web", "replicas": {"desired": 3, "ready": 2}}, {"name": "new"}],
    "messaging": {"vhost": "prod.shop", "queues": [{"name": "jobs"}, {"name": "other"}]},
}


def told(*, leading: bool, status: dict[str, Any] = STATUS) -> str:
    registry = CollectorRegistry()
    statuses = [("prod", "shop", status), ("prod", "new", {})]
    registry.register(Gauges(lambda: statuses, lambda vhost: COUNTS.get(vhost, {}), lambda: leading))
    return generate_latest(registry).decode()


def test_the_leader_tells_what_stands_in_the_status_and_what_was_counted() -> None:
    samples = [line for line in told(leading=True).splitlines() if not line.startswith("#")]
    assert samples == [
        'usecase_ready{namespace="prod",usecase="shop"} 1.0',
        'usecase_ready{namespace="prod",usecase="new"} 0.0',
        'usecase_component_replicas{component="web",namespace="prod",state="desired",usecase="shop"} 3.0',
        'usecase_component_replicas{component="web",namespace="prod",state="ready",usecase="shop"} 2.0',
        'usecase_component_replicas{component="web",namespace="prod",state="updated",usecase="shop"} 0.0',
        'usecase_queue_messages{namespace="prod",queue="jobs",state="waiting",usecase="shop"} 7.0',
        'usecase_queue_messages{namespace="prod",queue="jobs",state="dead",usecase="shop"} 4.0',
    ]


def test_a_standby_tells_nothing_of_them() -> None:
    assert "usecase=" not in told(leading=False)


def test_a_suspended_component_wants_no_pod_though_its_status_keeps_the_number_to_return_to() -> None:
    stopped = {"name": "web", "state": "Suspended", "replicas": {"desired": 3, "ready": 1}}
    replicas = [line for line in told(leading=True, status={"components": [stopped]}).splitlines() if "web" in line]
    assert replicas == [
        'usecase_component_replicas{component="web",namespace="prod",state="desired",usecase="shop"} 0.0',
        'usecase_component_replicas{component="web",namespace="prod",state="ready",usecase="shop"} 1.0',
        'usecase_component_replicas{component="web",namespace="prod",state="updated",usecase="shop"} 0.0',
    ]
