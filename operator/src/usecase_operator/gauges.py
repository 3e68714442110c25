"""Gauges of every UseCase, made when Prometheus asks: of its status, and of what the brokers counted last.

A series that is kept costs 700 bytes. Registered by `main`. Only the leader tells: the standby's would be the same once
more.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from usecase_operator.backlog import Count
from usecase_operator.reasons import SUSPENDED
from usecase_operator.topology.desired import dead_letters, retry

LABELS = ("namespace", "usecase")
STATES = ("desired", "ready", "updated")

Json = dict[str, Any]


class Gauges(Collector):
    """*statuses* gives namespace, name and status of every UseCase, *counts* the last counts of a vhost's queues."""

    def __init__(
        self,
        statuses: Callable[[], Iterable[tuple[str, str, Json]]],
        counts: Callable[[str], Mapping[str, Count]],
        leading: Callable[[], bool],
    ) -> None:
        self._statuses = statuses
        self._counts = counts
        self._leading = leading

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Without samples: nothing has to be read to register."""
        return _families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ready, replicas, messages = families = _families()
        for namespace, name, status in self._statuses() if self._leading() else ():
            labels = (namespace, name)
            conditions = {each["type"]: each["status"] for each in status.get("conditions", ())}
            ready.add_metric(labels, conditions.get("Ready") == "True")
            for component in status.get("components", ()):
                for state, number in _replicas(component).items():
                    replicas.add_metric((*labels, component["name"], state), number)
            messaging = status.get("messaging", {})
            counts = self._counts(messaging.get("vhost", ""))
            for queue in messaging.get("queues", ()):
                for state, holder in _holders(queue["name"]).items():
                    if (count := counts.get(holder)) and count.messages is not None:
                        messages.add_metric((*labels, queue["name"], state), count.messages)
        yield from families


def _replicas(component: Json) -> dict[str, int]:
    """State → pods. Suspended, the status keeps as `desired` the number to return to; none is wanted until then."""
    numbers = component.get("replicas")
    if not numbers:
        return {}
    kept = component.get("state") == SUSPENDED
    return {state: 0 if kept and state == "desired" else numbers.get(state) or 0 for state in STATES}


def _holders(queue: str) -> dict[str, str]:
    """State of a message → the broker's queue that holds it."""
    return {"waiting": queue, "retry": retry(queue), "dead": dead_letters(queue)}


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("usecase_ready", "1 if the condition Ready is True, else 0", labels=LABELS),
        GaugeMetricFamily(
            "usecase_component_replicas", "Pods of a component by state", labels=(*LABELS, "component", "state")
        ),
        GaugeMetricFamily(
            "usecase_queue_messages", "Messages of a queue: waiting, retry, dead", labels=(*LABELS, "queue", "state")
        ),
    )
