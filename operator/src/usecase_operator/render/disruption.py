"""The PodDisruptionBudget: a drain of nodes takes one pod of a component at a time."""

from usecase_operator.metadata import Manifest, child_name, manifest, selector
from usecase_operator.model import Component, UseCase
from usecase_operator.render.natures import nature


def disruption_budget(usecase: UseCase, component: Component) -> Manifest | None:
    if not nature(component).spread:
        return None
    return manifest(
        usecase,
        "policy/v1",
        "PodDisruptionBudget",
        name=child_name(usecase, component.name),
        component=component.name,
        spec={
            "maxUnavailable": 1,
            # Pods that do not work anyway must not hold up the drain of a node.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(usecase, component.name)},
        },
    )
