"""A UseCase as the operator reads it: frozen, parsed once from the resource's body.

Names and types fields, and holds no rules: schema, defaults (but `OPS`) and validation live in `crds/usecase.yaml`
alone, and a contract test holds the two equal, field by field. Fields with a default in the CRD are required here,
because the API server has filled them in. Every other module of the operator takes these classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from usecase_operator.decoding import decode
from usecase_operator.infrastructure import Infrastructure, Labels, Messaging, NameRef

ComponentKind = Literal["API", "Bot", "Worker", "DataService"]
Gate = Literal["Ready", "None"]
ScalingMode = Literal["Manual", "CPU", "Queue"]
MessagingDeletion = Literal["Delete", "DeleteIfEmpty", "Retain"]
Quantities = Mapping[str, Any]

PAUSED = "usecase.dev/paused"
"""Annotation of a UseCase: "true" stops it as `spec.suspend` does, without a change of the spec."""
BY_SPEC = "spec.suspend"
BY_ANNOTATION = f"the annotation {PAUSED}"


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


@dataclass(frozen=True, slots=True)
class ScrapeFrom:
    namespace: str
    pod_labels: Labels | None = None


@dataclass(frozen=True, slots=True)
class Isolation:
    network_policy: Literal["Enforce", "Off"]
    scrape_from: ScrapeFrom | None = None


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
    """How the kubelet asks: exactly one of the three."""

    http: HttpHealth | None = None
    exec: ExecHealth | None = None
    tcp: TcpHealth | None = None


OPS = Health(http=HttpHealth(port=9090, liveness_path="/healthz", readiness_path="/readyz"))
"""The `ops` port: of a component that says nothing else. The one default that the CRD can't hold, since a filled in
member of a union has no owner, and `kubectl apply` would leave it beside the member that is chosen later.
"""


@dataclass(frozen=True, slots=True)
class Ingress:
    host: str
    path: str
    class_name: str | None = None
    tls_secret_name: str | None = None
    annotations: Labels | None = None


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
    scale_down_stabilization_seconds: int | None = None
    queue: QueueScaling | None = None


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    kind: ComponentKind
    image: str
    scaling: Scaling
    health: Health = OPS
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

    @property
    def speaks_amqp(self) -> bool:
        """Whether it has an edge to the broker, and so a user, a Secret and a way there."""
        return bool(self.consumes or self.publishes)


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
    annotations: Labels | None = None


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

    @property
    def suspended_by(self) -> str:
        """What stops it, in words; empty if nothing does. The spec's word comes first."""
        if self.spec.suspend:
            return BY_SPEC
        return BY_ANNOTATION if (self.metadata.annotations or {}).get(PAUSED) == "true" else ""


# What an unreadable resource is taken for: it asks for nothing.
NOTHING = Spec(
    suspend=False,
    progress_deadline_seconds=600,
    deletion_policy=DeletionPolicy("DeleteIfEmpty", 300),
    isolation=Isolation("Enforce"),
    defaults=Defaults(),
    infrastructure=Infrastructure(),
    messaging=Messaging(),
    components=(),
)


def unreadable(body: Mapping[str, Any]) -> UseCase:
    """The UseCase in *body* without its spec: enough to say so in its status, and to let it go."""
    return UseCase(decode(Metadata, body["metadata"], "metadata"), NOTHING)


def parse(body: Mapping[str, Any]) -> UseCase:
    """The UseCase in *body*, as the API server returns it. Raises `DecodingError` with the field's path."""
    return decode(UseCase, body)
