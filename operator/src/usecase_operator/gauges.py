"""Gauges of every UseCase, made from its status when Prometheus asks: a series that is kept costs 700 bytes.

Registered by `main`. Only the leader tells: the standby's would be the same once more.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

LABELS = ("namespace", "usecase")
STATES = ("desired", "ready", "updated")

Json = dict[str, Any]


class Gauges(Collector):
    """*statuses* gives namespace, name and status of every UseCase."""

    def __init__(self, statuses: Callable[[], Iterable[tuple[str, str, Json]]], leading: Callable[[], bool]) -> None:
        self._statuses = statuses
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
                numbers = component.get("replicas")
                for state in STATES if numbers else ():
                    replicas.add_metric((*labels, component["name"], state), numbers.get(state) or 0)
            for queue in status.get("messaging", {}).get("queues", ()):
                if "deadLetters" in queue:
                    messages.add_metric((*labels, queue["name"], "dead"), queue["deadLetters"])
        yield from families


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("usecase_ready", "1 if the condition Ready is True, else 0", labels=LABELS),
        GaugeMetricFamily(
            "usecase_component_replicas", "Pods of a component by state", labels=(*LABELS, "component", "state")
        ),
        GaugeMetricFamily("usecase_queue_messages", "Messages in a queue: dead", labels=(*LABELS, "queue", "state")),
    )
