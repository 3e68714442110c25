"""What the operator counts, for Prometheus. Names are part of the product: dashboards and alerts use them.

What can be read off a UseCase's status is not counted here: `gauges` makes it when it is asked for.
"""

from prometheus_client import Counter, Gauge, Histogram

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
