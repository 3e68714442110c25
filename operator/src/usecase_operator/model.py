"""A UseCase as the operator reads it: frozen, parsed once from the resource's body.

Names and types fields, and holds no rules: schema, defaults and validation live in `crds/usecase.yaml` alone,
and a contract test holds the two equal, field by field. Fields with a default in the CRD are required here,
because the API server has filled them in. Every other module of the operator takes these classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from usecase_operator.decoding import decode

ComponentKind = Literal["API", "Bot", "Worker", "DataService"]
StoreType = Literal["PostgreSQL", "MongoDB", "Cache"]
ExchangeType = Literal["topic", "direct", "fanout"]
Gate = Literal["Ready", "None"]
ScalingMode = Literal["Manual", "CPU", "Queue"]
MessagingDeletion = Literal["Delete", "DeleteIfEmpty", "Retain"]
Labels = Mapping[str, str]
Quantities = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NameRef:
    name: str


@dataclass(frozen=True, slots=True)
class SecretKeyRef:
    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Env:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SecretEnv:
    name: str
    secret_ref: SecretKeyRef


@dataclass(frozen=True, slots=True)
class Resources:
    requests: Quantities | None = None
    limits: Quantities | None = None


# Where the parts run


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a backend answers: pods (of a namespace, with labels, or both), or else addresses."""

    namespace: str | None = None
    pod_labels: Labels | None = None
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScrapeFrom:
    namespace: str
    pod_labels: Labels | None = None


@dataclass(frozen=True, slots=True)
class Isolation:
    network_policy: Literal["Enforce", "Off"]
    scrape_from: ScrapeFrom | None = None


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    connection_secret_ref: NameRef
    port: int
    tls: bool
    reach: Reach


@dataclass(frozen=True, slots=True)
class Store:
    name: str
    type: StoreType
    port: int
    secret_ref: NameRef
    reach: Reach


@dataclass(frozen=True, slots=True)
class Infrastructure:
    rabbitmq: RabbitMQ | None = None
    stores: tuple[Store, ...] = ()


# What the broker holds


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a message is tried in all, and the pause between two tries."""

    max_tries: int
    delay_seconds: int


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    type: ExchangeType
    arguments: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    retry: RetryPolicy
    single_active_consumer: bool
    arguments: Mapping[str, int | str]
    message_ttl_seconds: int | None = None
    max_messages: int | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Messaging:
    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()


# A component and its edges


@dataclass(frozen=True, slots=True)
class Use:
    """An edge to a component (its URL) or else to a store (its `uri`), injected under `env`."""

    env: str
    component: str | None = None
    store: str | None = None
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Consume:
    queue: str
    prefetch: int
    max_processing_seconds: int


@dataclass(frozen=True, slots=True)
class Publish:
    exchange: str


@dataclass(frozen=True, slots=True)
class Egress:
    cidrs: tuple[str, ...]
    reason: str
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Http:
    port: int


@dataclass(frozen=True, slots=True)
class HttpHealth:
    port: int
    liveness_path: str
    readiness_path: str


@dataclass(frozen=True, slots=True)
class ExecHealth:
    liveness: tuple[str, ...]
    readiness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TcpHealth:
    port: int


@dataclass(frozen=True, slots=True)
class Health:
    """How the kubelet asks: exactly one of the three. The CRD's default is the `ops` port."""

    http: HttpHealth | None = None
    exec: ExecHealth | None = None
    tcp: TcpHealth | None = None


@dataclass(frozen=True, slots=True)
class Ingress:
    host: str
    path: str
    class_name: str | None = None
    tls_secret_name: str | None = None


@dataclass(frozen=True, slots=True)
class Expose:
    node_port: int | None = None
    ingress: Ingress | None = None


@dataclass(frozen=True, slots=True)
class QueueScaling:
    name: str
    messages_per_replica: int


@dataclass(frozen=True, slots=True)
class Scaling:
    """Manual: `replicas` (absent means 1). CPU and Queue: `min` (absent means 1) and `max`."""

    mode: ScalingMode
    replicas: int | None = None
    min: int | None = None
    max: int | None = None
    target_utilization: int | None = None
    queue: QueueScaling | None = None


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    kind: ComponentKind
    image: str
    health: Health
    scaling: Scaling
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    http: Http | None = None
    env: tuple[Env, ...] = ()
    secret_env: tuple[SecretEnv, ...] = ()
    uses: tuple[Use, ...] = ()
    consumes: tuple[Consume, ...] = ()
    publishes: tuple[Publish, ...] = ()
    egress: tuple[Egress, ...] = ()
    expose: Expose | None = None
    resources: Resources | None = None
    pod_template: Mapping[str, Any] | None = None


# The whole


@dataclass(frozen=True, slots=True)
class DeletionPolicy:
    messaging: MessagingDeletion
    broker_timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Defaults:
    """Put under every component; what a component says itself wins."""

    image_pull_secrets: tuple[NameRef, ...] = ()
    env: tuple[Env, ...] = ()
    resources: Resources | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    suspend: bool
    progress_deadline_seconds: int
    deletion_policy: DeletionPolicy
    isolation: Isolation
    defaults: Defaults
    infrastructure: Infrastructure
    messaging: Messaging
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    name: str
    namespace: str
    uid: str
    generation: int = 0
    deletion_timestamp: str | None = None
    finalizers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UseCase:
    metadata: Metadata
    spec: Spec

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace


def parse(body: Mapping[str, Any]) -> UseCase:
    """The UseCase in *body*, as the API server returns it. Raises `DecodingError` with the field's path."""
    return decode(UseCase, body)
