"""A broker that speaks TLS only, with a certificate of its owner's own authority: the operator, a component and KEDA
each trust it by what the how-to says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import create_default_context
from typing import Any

import httpx
import pytest
import trustme

from cluster import bringup
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.management import KEPT
from integration.operator.world import World

CONFIGURATION = """
listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.certfile = /etc/certificate/tls.crt
ssl_options.keyfile = /etc/certificate/tls.key
management.ssl.port = 15671
management.ssl.certfile = /etc/certificate/tls.crt
management.ssl.keyfile = /etc/certificate/tls.key
log.file = false
loopback_users = none
deprecated_features.permit.management_metrics_collection = true
"""
ACCOUNT = ("admin", "for a minute")
LABELS = {"app": "rabbit"}


@dataclass(frozen=True)
class Rabbit:
    """A broker outside of the use case's namespace, and the authority that vouches for it."""

    cluster: Cluster
    namespace: str
    authority: trustme.CA

    @property
    def host(self) -> str:
        return f"rabbit.{self.namespace}.svc"

    @property
    def ca(self) -> str:
        return self.authority.cert_pem.bytes().decode()

    def start(self) -> None:
        certificate = self.authority.issue_cert(self.host, "127.0.0.1")
        chain = b"".join(each.bytes() for each in certificate.cert_chain_pems).decode()
        self.cluster.apply(
            *_files(certificate.private_key_pem.bytes().decode(), chain),
            _pod(self.cluster.references["rabbitmq"]),
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "rabbit"},
                "spec": {
                    "selector": LABELS,
                    "ports": [{"name": "amqps", "port": 5671}, {"name": "management", "port": 15671}],
                },
            },
            namespace=self.namespace,
        )
        self.cluster.kubectl(
            "--namespace", self.namespace, "wait", "pod/rabbit", "--for=condition=Ready", "--timeout=90s"
        )

    @contextmanager
    def administered(self) -> Iterator[httpx.Client]:
        """Its management API, for somebody who checks the certificate too."""
        trust = create_default_context(cadata=self.ca)
        with (
            self.cluster.port_forward(self.namespace, "pod/rabbit", 15671) as port,
            httpx.Client(base_url=f"https://127.0.0.1:{port}/api", auth=ACCOUNT, verify=trust, limits=KEPT) as client,
        ):
            yield client


def _files(key: str, chain: str) -> tuple[dict[str, Any], dict[str, Any]]:
    plugins = "[rabbitmq_management]."
    return (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "rabbit"},
            "data": {"rabbitmq.conf": CONFIGURATION, "enabled_plugins": plugins},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "rabbit"},
            "stringData": {"tls.key": key, "tls.crt": chain},
        },
    )


def _pod(image: str) -> dict[str, Any]:
    environment = {
        "HOME": "/var/lib/rabbitmq",
        "RABBITMQ_NODENAME": "rabbit@localhost",
        "RABBITMQ_CONFIG_FILE": "/etc/usecase/rabbitmq.conf",
        "RABBITMQ_ENABLED_PLUGINS_FILE": "/etc/usecase/enabled_plugins",
        "RABBITMQ_DEFAULT_USER": ACCOUNT[0],
        "RABBITMQ_DEFAULT_PASS": ACCOUNT[1],
    }
    container = {
        "name": "rabbit",
        "image": image,
        "command": ["rabbitmq-server"],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "readinessProbe": {"tcpSocket": {"port": 5671}, "periodSeconds": 2},
        "volumeMounts": [
            {"name": "configuration", "mountPath": "/etc/usecase"},
            {"name": "certificate", "mountPath": "/etc/certificate"},
            {"name": "data", "mountPath": "/var/lib/rabbitmq"},
        ],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "rabbit", "labels": LABELS},
        "spec": {
            "securityContext": {"runAsUser": 999, "runAsGroup": 999, "fsGroup": 999},
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
            "volumes": [
                {"name": "configuration", "configMap": {"name": "rabbit"}},
                {"name": "certificate", "secret": {"secretName": "rabbit"}},
                {"name": "data", "emptyDir": {}},
            ],
        },
    }


@pytest.fixture
def rabbit(cluster: Cluster, namespace: str) -> Rabbit:
    found = Rabbit(cluster, namespace, trustme.CA())
    found.start()
    return found


@pytest.fixture
def keda(cluster: Cluster) -> None:
    bringup.keda()


def consumer() -> dict[str, Any]:
    """As docs/how-to/external-backends.md has it."""
    mounted = [{"name": "own-ca", "mountPath": "/etc/own-ca", "readOnly": True}]
    return {
        "name": "worker",
        "kind": "Worker",
        "consumes": [{"queue": "orders"}],
        "env": [{"name": "CONSUME", "value": "orders"}, {"name": "SSL_CERT_FILE", "value": "/etc/own-ca/ca.crt"}],
        "podTemplate": {
            "spec": {
                "volumes": [{"name": "own-ca", "secret": {"secretName": "own-ca"}}],
                "containers": [{"name": "main", "volumeMounts": mounted}],
            }
        },
        "scaling": {"mode": "Queue", "min": 0, "max": 2, "queue": {"name": "orders", "messagesPerReplica": 5}},
    }


@pytest.mark.timeout(420)
@pytest.mark.usefixtures("keda")
def test_a_broker_with_an_own_authority_is_used_by_all_who_must(rabbit: Rabbit, apps: World) -> None:
    """*rabbit* first: it outlives the use cases, whose deletion waits for their broker."""
    apps.secret("own-ca", **{"ca.crt": rabbit.ca})
    apps.secret(
        "rabbitmq-admin",
        **{"managementUri": f"https://{rabbit.host}:15671", "amqpHost": rabbit.host, "ca.crt": rabbit.ca},
        **dict(zip(("username", "password"), ACCOUNT, strict=True)),
    )
    broker = {
        "connectionSecretRef": {"name": "rabbitmq-admin"},
        "port": 5671,
        "tls": True,
        "reach": {"namespace": rabbit.namespace, "podLabels": LABELS},
    }
    apps.usecase("shop", consumer(), infrastructure={"rabbitmq": broker}, messaging={"queues": [{"name": "orders"}]})
    apps.wait_ready("shop", timeout=90)  # the operator made vhost, users and queue
    eventually(
        lambda: apps.get("scaledobject", "shop-worker")["status"].get("externalMetricNames"),
        timeout=60,
        what="KEDA looks at the queue",
    )
    vhost = f"{apps.namespace}.shop"
    body = {"properties": {}, "routing_key": "orders", "payload": "x", "payload_encoding": "string"}
    with rabbit.administered() as management:
        assert management.post(f"/exchanges/{vhost}/amq.default/publish", json=body).json() == {"routed": True}

        def taken() -> bool:
            queue = management.get(f"/queues/{vhost}/orders").json()
            return queue.get("consumers", 0) > 0 and queue.get("messages") == 0  # uncounted at first

        eventually(taken, timeout=90, what="KEDA starts a consumer, and it takes the message")
