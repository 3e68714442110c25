"""The HorizontalPodAutoscaler of a component in mode CPU."""

from typing import Any

from usecase_operator.metadata import Manifest, child_name, manifest
from usecase_operator.model import Component, UseCase

AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
"""Kinds of children that write numbers of pods: applied after their Deployment, gone before it."""
TARGET_UTILIZATION = 80
"""Percent of the CPU request, where the spec says nothing."""


def autoscaler(usecase: UseCase, component: Component) -> Manifest | None:
    scaling = component.scaling
    if scaling.mode != "CPU":
        return None
    utilization = scaling.target_utilization or TARGET_UTILIZATION
    return manifest(
        usecase,
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        name=child_name(usecase, component.name),
        component=component.name,
        spec={
            "scaleTargetRef": target(usecase, component),
            "minReplicas": 1 if scaling.min is None else scaling.min,
            "maxReplicas": scaling.max,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": utilization},
                    },
                }
            ],
            **behavior(component),
        },
    )


def behavior(component: Component) -> dict[str, Any]:
    """How slowly pods are taken away, as a field of an autoscaler: absent where Kubernetes' own 300 s stand."""
    seconds = component.scaling.scale_down_stabilization_seconds
    return {} if seconds is None else {"behavior": {"scaleDown": {"stabilizationWindowSeconds": seconds}}}


def target(usecase: UseCase, component: Component) -> dict[str, Any]:
    """The Deployment whose number an autoscaler decides."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": child_name(usecase, component.name)}
