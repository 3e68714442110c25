"""The Deployment of a component. It never says `replicas`: that number has owners of its own (`replicas`)."""

from typing import Any

from usecase_operator.metadata import REVISION, Manifest, annotated, child_name, digest, manifest, selector
from usecase_operator.model import Component, UseCase
from usecase_operator.render.given import Given
from usecase_operator.render.natures import nature
from usecase_operator.render.pod import pod_template


def deployment(usecase: UseCase, component: Component, given: Given) -> Manifest:
    template = pod_template(usecase, component, given)
    found = manifest(
        usecase,
        "apps/v1",
        "Deployment",
        name=child_name(usecase, component.name),
        component=component.name,
        spec={
            "selector": {"matchLabels": selector(usecase, component.name)},
            "strategy": _strategy(component),
            "progressDeadlineSeconds": usecase.spec.progress_deadline_seconds,
            "revisionHistoryLimit": 3,
            "template": template,
        },
    )
    return annotated(found, {REVISION: digest(template)})


def _strategy(component: Component) -> dict[str, Any]:
    """Always explicit: a default that the API server filled in would stand in the way of a later Recreate."""
    if not nature(component).overlaps:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}
