"""The pod template of a component: its container, restricted by default, and where it may run."""

from typing import Any

from usecase_operator.metadata import CONFIG, child_name, labels, selector
from usecase_operator.model import Component, UseCase
from usecase_operator.render.environment import environment
from usecase_operator.render.given import Given
from usecase_operator.render.lifetime import drain, termination_grace
from usecase_operator.render.natures import nature
from usecase_operator.render.pod_template import merged
from usecase_operator.render.probes import health_port, probes
from usecase_operator.render.secret import config_digest

CONTAINER = "main"
# Kubernetes' own default is 300 s: five minutes without the pods of a node that is gone.
LOST_NODE_SECONDS = 30


def pod_template(usecase: UseCase, component: Component, given: Given) -> dict[str, Any]:
    """What the kind gives, with the component's `podTemplate` merged over it. Raises Stuck(PodTemplateConflict)."""
    config = config_digest(usecase, component, given)
    metadata: dict[str, Any] = {"labels": labels(usecase, component.name)}
    if config is not None:
        metadata["annotations"] = {CONFIG: config}
    return merged({"metadata": metadata, "spec": _spec(usecase, component)}, component)


def _spec(usecase: UseCase, component: Component) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "serviceAccountName": child_name(usecase, component.name),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": termination_grace(component),
        "tolerations": [_leaves_after("not-ready"), _leaves_after("unreachable")],
        "containers": [_container(usecase, component)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    if usecase.spec.defaults.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": each.name} for each in usecase.spec.defaults.image_pull_secrets]
    if nature(component).spread:
        spec["topologySpreadConstraints"] = [_over_nodes(usecase, component)]
    return spec


def _container(usecase: UseCase, component: Component) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": component.image,
        "env": environment(usecase, component),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        # The last words of a process that fails stand in the status of its component.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **probes(component),
        **_chosen(usecase, component),
    }
    if ports := _ports(component):
        container["ports"] = ports
    if drain(component):
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": drain(component)}}}
    return container


def _chosen(usecase: UseCase, component: Component) -> dict[str, Any]:
    """What the spec may say and need not."""
    resources = component.resources or usecase.spec.defaults.resources
    limits = (
        {
            key: dict(amounts)
            for key, amounts in (("requests", resources.requests), ("limits", resources.limits))
            if amounts
        }
        if resources
        else {}
    )
    found = {
        "imagePullPolicy": component.image_pull_policy,
        "command": list(component.command),
        "args": list(component.args),
        "resources": limits,
    }
    return {key: value for key, value in found.items() if value}


def _ports(component: Component) -> list[dict[str, Any]]:
    named = {}
    if component.http:
        named[component.http.port] = "http"
    if (port := health_port(component)) is not None:
        named.setdefault(port, "ops")
    return [{"name": name, "containerPort": port, "protocol": "TCP"} for port, name in named.items()]


def _leaves_after(trouble: str) -> dict[str, Any]:
    return {
        "key": f"node.kubernetes.io/{trouble}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": LOST_NODE_SECONDS,
    }


def _over_nodes(usecase: UseCase, component: Component) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(usecase, component.name)},
        # Each revision is spread for itself, or the pods of the old one would push the new ones together.
        "matchLabelKeys": ["pod-template-hash"],
    }
