"""How the kubelet asks a component: by HTTP on its health port, by a command, or by a connection.

The start-up probe gives a slow process two minutes before the liveness probe may restart it, and asks every second, so
that a fast one is ready at once.
"""

from typing import Any

from usecase_operator.model import Component

Probe = dict[str, Any]

START_UP = {"periodSeconds": 1, "failureThreshold": 120, "timeoutSeconds": 3}
READINESS = {"periodSeconds": 5, "failureThreshold": 2, "timeoutSeconds": 3}
LIVENESS = {"periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 3}


def probes(component: Component) -> dict[str, Probe]:
    """The three probes, as fields of a container."""
    alive, ready = _questions(component)
    return {
        "startupProbe": alive | START_UP,
        "livenessProbe": alive | LIVENESS,
        "readinessProbe": ready | READINESS,
    }


def _questions(component: Component) -> tuple[Probe, Probe]:
    """Is it alive, is it ready."""
    health = component.health
    if health.exec:
        return {"exec": {"command": list(health.exec.liveness)}}, {"exec": {"command": list(health.exec.readiness)}}
    if health.tcp:
        connects = {"tcpSocket": {"port": health.tcp.port}}
        return connects, connects
    http = health.http
    if http is None:
        return {}, {}
    return (
        {"httpGet": {"path": http.liveness_path, "port": http.port}},
        {"httpGet": {"path": http.readiness_path, "port": http.port}},
    )


def health_port(component: Component) -> int | None:
    """The port that answers for health and metrics; None where probes don't go over HTTP."""
    return component.health.http.port if component.health.http else None
