"""The kinds the operator makes or watches, and where the API server keeps them."""

from typing import Final

PATHS: Final = {
    "Deployment": ("apis/apps/v1", "deployments"),
    "Event": ("apis/events.k8s.io/v1", "events"),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    "Ingress": ("apis/networking.k8s.io/v1", "ingresses"),
    "Lease": ("apis/coordination.k8s.io/v1", "leases"),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies"),
    "Pod": ("api/v1", "pods"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "ScaledObject": ("apis/keda.sh/v1alpha1", "scaledobjects"),
    "Secret": ("api/v1", "secrets"),
    "Service": ("api/v1", "services"),
    "ServiceAccount": ("api/v1", "serviceaccounts"),
    "TriggerAuthentication": ("apis/keda.sh/v1alpha1", "triggerauthentications"),
    "UseCase": ("apis/usecase.dev/v1alpha1", "usecases"),
}

# Children watched for the whole scope; Secrets are watched namespace by namespace (`secrets.py`).
CHILDREN: Final = (
    "Deployment",
    "HorizontalPodAutoscaler",
    "Ingress",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "ServiceAccount",
)
# Served only where KEDA is installed.
KEDA: Final = ("ScaledObject", "TriggerAuthentication")


def path(kind: str, namespace: str | None = None, name: str | None = None) -> str:
    """The path of an object, of a namespace's objects, or of all objects of *kind*."""
    prefix, plural = PATHS[kind]
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"/{prefix}{scope}/{plural}" + (f"/{name}" if name else "")
