"""The Service of a component that serves HTTP: its stable name, and the balance over its pods."""

from typing import Any

from usecase_operator.metadata import Manifest, child_name, manifest, selector
from usecase_operator.model import Component, UseCase


def service(usecase: UseCase, component: Component) -> Manifest | None:
    if component.http is None:
        return None
    node_port = component.expose.node_port if component.expose else None
    port: dict[str, Any] = {
        "name": "http",
        "port": component.http.port,
        "targetPort": component.http.port,
        "protocol": "TCP",
        "appProtocol": "http",
    }
    if node_port:
        port["nodePort"] = node_port
    return manifest(
        usecase,
        "v1",
        "Service",
        name=child_name(usecase, component.name),
        component=component.name,
        spec={
            "type": "NodePort" if node_port else "ClusterIP",
            "selector": selector(usecase, component.name),
            "ports": [port],
        },
    )
