"""An identity of its own for each component, without a token: none of them talks to Kubernetes."""

from usecase_operator.metadata import Manifest, child_name, manifest
from usecase_operator.model import Component, UseCase


def service_account(usecase: UseCase, component: Component) -> Manifest:
    return manifest(
        usecase,
        "v1",
        "ServiceAccount",
        name=child_name(usecase, component.name),
        component=component.name,
        automountServiceAccountToken=False,
    )
