"""Scaling by queue length, which KEDA does: a ScaledObject for each component in mode Queue, and KEDA's way in.

Rendered only where the cluster knows KEDA's kinds. One broker user, one Secret and one TriggerAuthentication serve the
whole use case; the user may read numbers in this vhost and nothing else.
"""

from typing import Any

from usecase_operator.metadata import Manifest, annotated, child_name, manifest
from usecase_operator.model import Component, UseCase
from usecase_operator.render.autoscaler import behavior, target
from usecase_operator.render.given import Given
from usecase_operator.render.secret import opaque_secret

POLL_SECONDS = 15
IDLE_SECONDS = 300
"""How long a queue must be empty before the last pod goes (KEDA's own default)."""
PAUSED = "autoscaling.keda.sh/paused"
HOST_KEY = "host"
# Parameters of KEDA's RabbitMQ scaler that may only come from a Secret, each under its own name. All are always there,
# so that nobody has to know the broker to write what reads them.
SCALER_KEYS = (HOST_KEY, "tls", "ca")


def needs_scaler(usecase: UseCase) -> bool:
    return any(component.scaling.queue for component in usecase.spec.components)


def keda_name(usecase: UseCase) -> str:
    """Name of the Secret and of the TriggerAuthentication."""
    return f"{usecase.name}-keda"


def scaler_secret(usecase: UseCase, given: Given) -> Manifest | None:
    if not needs_scaler(usecase) or given.scaler is None:
        return None
    # KEDA asks for `tls: enable` to look at `ca`; without, it trusts for https what its image trusts.
    trust = {"tls": "enable", "ca": given.scaler.ca} if given.scaler.ca else {"tls": "disable", "ca": ""}
    return opaque_secret(usecase, keda_name(usecase), {HOST_KEY: given.scaler.host, **trust})


def trigger_authentication(usecase: UseCase, given: Given) -> Manifest | None:
    if not (needs_scaler(usecase) and given.keda):
        return None
    name = keda_name(usecase)
    return manifest(
        usecase,
        "keda.sh/v1alpha1",
        "TriggerAuthentication",
        name=name,
        spec={"secretTargetRef": [{"parameter": key, "name": name, "key": key} for key in SCALER_KEYS]},
    )


def scaled_object(usecase: UseCase, component: Component, given: Given) -> Manifest | None:
    scaling, queue = component.scaling, component.scaling.queue
    if queue is None or not given.keda:
        return None
    slowness = behavior(component)
    least = 1 if scaling.min is None else scaling.min
    found = manifest(
        usecase,
        "keda.sh/v1alpha1",
        "ScaledObject",
        name=child_name(usecase, component.name),
        component=component.name,
        spec={
            "scaleTargetRef": target(usecase, component),
            "pollingInterval": POLL_SECONDS,
            "cooldownPeriod": max([IDLE_SECONDS, *(each.max_processing_seconds for each in component.consumes)]),
            "minReplicaCount": least,
            "maxReplicaCount": scaling.max,
            # A broker that does not answer is no reason to stop consumers: the number stays, or comes up to this.
            "fallback": {
                "failureThreshold": 3,
                "replicas": max(1, least),
                "behavior": "currentReplicasIfHigher",
            },
            # KEDA makes an autoscaler from one pod on, and hands this to it.
            **({"advanced": {"horizontalPodAutoscalerConfig": slowness}} if slowness else {}),
            "triggers": [_queue_length(usecase, queue.name, queue.messages_per_replica)],
        },
    )
    return annotated(found, {PAUSED: "true"}) if usecase.suspended_by else found


def _queue_length(usecase: UseCase, queue: str, messages_per_replica: int) -> dict[str, Any]:
    """By HTTP, since that counts messages in work too: a busy consumer must not be scaled away."""
    return {
        "type": "rabbitmq",
        "metadata": {
            "protocol": "http",
            "queueName": queue,
            "mode": "QueueLength",
            "value": str(messages_per_replica),
        },
        "authenticationRef": {"name": keda_name(usecase)},
    }
