"""The Ingress of an API that is exposed under a host name."""

from typing import Any

from usecase_operator.metadata import Manifest, annotated, child_name, manifest
from usecase_operator.model import Component, UseCase


def ingress(usecase: UseCase, component: Component) -> Manifest | None:
    wanted = component.expose.ingress if component.expose else None
    if wanted is None:
        return None
    name = child_name(usecase, component.name)
    path = {
        "path": wanted.path,
        "pathType": "Prefix",
        "backend": {"service": {"name": name, "port": {"name": "http"}}},
    }
    spec: dict[str, Any] = {"rules": [{"host": wanted.host, "http": {"paths": [path]}}]}
    if wanted.class_name:
        spec["ingressClassName"] = wanted.class_name
    if wanted.tls_secret_name:
        spec["tls"] = [{"hosts": [wanted.host], "secretName": wanted.tls_secret_name}]
    made = manifest(usecase, "networking.k8s.io/v1", "Ingress", name=name, component=component.name, spec=spec)
    return annotated(made, wanted.annotations) if wanted.annotations else made
