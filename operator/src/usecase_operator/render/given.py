"""What rendering needs and no spec can say: it comes from the cluster and the broker, read by the reconcile."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScalerAccess:
    """KEDA's way into the broker.

    *host*: management URI of its user (`http://user:password@host:15672/<vhost>`). *ca*: the authority of that
    server's certificate as PEM, None where KEDA's own trust is enough.
    """

    host: str = field(repr=False)
    ca: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """*amqp_uris*: component → URI of its broker user, password inside; its Secret is rendered from it.

    *scaler*: KEDA's way in; None while it is not known: what its Secret holds stays. *secret_digests*: (Secret, key) →
    digest of the value, for every reference of `secret.references`; what is not there yet is left out. *keda*: whether
    the cluster knows KEDA's kinds. *dns*: addresses that pods ask for names, as their resolv.conf has them.
    """

    amqp_uris: Mapping[str, str] = field(default_factory=dict)
    scaler: ScalerAccess | None = None
    secret_digests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    keda: bool = False
    dns: tuple[str, ...] = ()
