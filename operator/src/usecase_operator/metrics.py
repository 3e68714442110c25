"""What the operator counts, for Prometheus. Names are part of the product: dashboards and alerts use them."""

from prometheus_client import Counter, Gauge, Histogram

LABELS = ("namespace", "usecase")

READY = Gauge("usecase_ready", "1 if the condition Ready is True, else 0", LABELS)
COMPONENT_REPLICAS = Gauge(
    "usecase_component_replicas", "Pods of a component by state", (*LABELS, "component", "state")
)
QUEUE_MESSAGES = Gauge(
    "usecase_queue_messages", "Messages in a queue by state: ready or dead", (*LABELS, "queue", "state")
)
RECONCILE = Histogram(
    "usecase_reconcile_seconds",
    "Duration of one reconcile pass",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
RECONCILES = Counter("usecase_reconciles_total", "Reconcile passes by how they ended", ("result",))
DRIFT = Counter("usecase_drift_repaired_total", "Objects put back by the operator, by system", ("system",))
BROKER_REQUESTS = Histogram(
    "usecase_broker_request_seconds", "Duration of requests to the broker's management API", ("method", "code")
)
WRITES = Counter("usecase_api_writes_total", "Writes to the Kubernetes API by verb and resource", ("verb", "resource"))
LEADER = Gauge("usecase_leader", "1 while this process holds the Lease")
QUEUED = Gauge("usecase_reconcile_queue_length", "UseCases that wait for a reconcile pass")


def forget(namespace: str, usecase: str) -> None:
    """Drop the series of a UseCase that is gone."""
    for gauge in (READY, COMPONENT_REPLICAS, QUEUE_MESSAGES):
        gauge.remove_by_labels({"namespace": namespace, "usecase": usecase})
