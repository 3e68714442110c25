"""Charts as their tests see them: what Helm rendered, and the few questions every test asks of it."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]
Helm = Callable[..., subprocess.CompletedProcess[str]]
Judge = Callable[..., subprocess.CompletedProcess[str]]

CHARTS = Path(__file__).parents[3] / "charts"
CHART = CHARTS / "task-management"
OPERATOR = CHARTS / "usecase-operator"
BACKENDS_ALONE = {"useCase": {"enabled": False}}
BACKENDS = ("rabbitmq", "postgres", "mongodb", "redis")
KINDS = ("StatefulSet", "Service", "ConfigMap", "Secret", "NetworkPolicy")
PORTS = {"rabbitmq": [5672, 15672], "postgres": [5432], "mongodb": [27017], "redis": [6379]}


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    found = [m for m in manifests if m["kind"] == kind and m["metadata"]["name"] == name]
    assert len(found) == 1, f"{kind} {name}: {len(found)} of them"
    return found[0]


def one(manifests: list[Manifest], kind: str, backend: str) -> Manifest:
    return named(manifests, kind, f"demo-{backend}")


def templates(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Every pod and pod template of the chart's own objects, by kind and name."""
    return {
        f"{m['kind']}/{m['metadata']['name']}": m if m["kind"] == "Pod" else m["spec"]["template"]
        for m in manifests
        if m["kind"] in ("Deployment", "StatefulSet", "Job", "Pod")
    }


def pod(manifests: list[Manifest], backend: str) -> Manifest:
    template: Manifest = one(manifests, "StatefulSet", backend)["spec"]["template"]
    return template


def containers(template: Manifest) -> list[Manifest]:
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def env(container: Manifest) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container.get("env", [])}


def decoded(secret: Manifest) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def everywhere(setting: Manifest) -> Manifest:
    """*setting* for each backend."""
    return dict.fromkeys(BACKENDS, setting)
