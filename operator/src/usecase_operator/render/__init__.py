"""A UseCase → the Kubernetes objects it shall have. Pure: no client, no clock, and no secret is invented here.

`render` is the table of contents: one line for each kind of object. Who calls it applies the list in its order, and
holds back the Deployment of a component whose gate is closed.
"""

from usecase_operator.metadata import Manifest, with_hash
from usecase_operator.model import Component, UseCase
from usecase_operator.render.autoscaler import autoscaler
from usecase_operator.render.deployment import deployment
from usecase_operator.render.disruption import disruption_budget
from usecase_operator.render.given import Given, ScalerAccess
from usecase_operator.render.ingress import ingress
from usecase_operator.render.keda import scaled_object, scaler_secret, trigger_authentication
from usecase_operator.render.networkpolicy import network_policy
from usecase_operator.render.secret import amqp_secret
from usecase_operator.render.service import service
from usecase_operator.render.serviceaccount import service_account

__all__ = ["ORDER", "Given", "ScalerAccess", "broker_secrets", "render"]

ORDER = (
    "ServiceAccount",
    "Secret",
    "NetworkPolicy",  # before the pods: none is ever reachable without its policy
    "Service",
    "Deployment",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "TriggerAuthentication",
    "ScaledObject",
    "Ingress",
)
"""What is applied before what."""


def render(usecase: UseCase, given: Given) -> list[Manifest]:
    """All manifests of *usecase*, in the order of `ORDER` and of the spec.

    Raises Stuck(PodTemplateConflict) where a `podTemplate` can't be merged.
    """
    shared = (scaler_secret(usecase, given), trigger_authentication(usecase, given))
    of_components = (each for component in usecase.spec.components for each in _of_component(usecase, component, given))
    manifests = [with_hash(each) for each in (*shared, *of_components) if each is not None]
    return sorted(manifests, key=lambda each: ORDER.index(each["kind"]))


def broker_secrets(usecase: UseCase, given: Given) -> list[Manifest]:
    """The Secrets by which components and KEDA reach the broker: they are stored before the broker knows a password."""
    made = (
        scaler_secret(usecase, given),
        *(amqp_secret(usecase, each, given) for each in usecase.spec.components),
    )
    return [with_hash(each) for each in made if each is not None]


def _of_component(usecase: UseCase, component: Component, given: Given) -> tuple[Manifest | None, ...]:
    return (
        service_account(usecase, component),
        amqp_secret(usecase, component, given),
        network_policy(usecase, component, given),
        service(usecase, component),
        deployment(usecase, component, given),
        disruption_budget(usecase, component),
        autoscaler(usecase, component),
        scaled_object(usecase, component, given),
        ingress(usecase, component),
    )
