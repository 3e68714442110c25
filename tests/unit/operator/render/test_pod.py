"""The pod of a component: restricted, probed, drained, spread."""

from typing import Any

import pytest

from usecase_operator.metadata import CONFIG
from usecase_operator.render import Given
from usecase_operator.render.pod import pod_template
from usecases import component, make_usecase

QUEUE = {"queue": "jobs", "maxProcessingSeconds": 90}


def template(each: dict[str, Any], given: Given | None = None, **spec: Any) -> dict[str, Any]:
    usecase = make_usecase(each, **spec)
    return pod_template(usecase, usecase.spec.components[0], given or Given())


def container(each: dict[str, Any], **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = template(each, **spec)["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("kind", ["API", "DataService", "Worker", "Bot"])
def test_every_pod_is_restricted(kind: str) -> None:
    spec = template(component("x", kind))["spec"]
    own = spec["containers"][0]["securityContext"]

    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == "shop-x"


def test_a_lost_node_is_left_after_half_a_minute() -> None:
    found = template(component("x"))["spec"]["tolerations"]

    assert {each["key"]: each["tolerationSeconds"] for each in found} == {
        "node.kubernetes.io/not-ready": 30,
        "node.kubernetes.io/unreachable": 30,
    }


@pytest.mark.parametrize(
    ("each", "sleep", "grace"),
    [
        pytest.param(component("x"), 5, 35, id="api-drains"),
        pytest.param(component("x", "DataService"), 5, 35, id="data-service-drains"),
        pytest.param(component("x", "Worker", consumes=[QUEUE]), None, 100, id="worker-finishes-its-message"),
        pytest.param(component("x", "Bot"), None, 30, id="bot"),
        pytest.param(component("x", consumes=[QUEUE]), 5, 105, id="an-api-that-consumes-too"),
    ],
)
def test_the_end_of_a_pod(each: dict[str, Any], sleep: int | None, grace: int) -> None:
    spec = template(each)["spec"]
    lifecycle = spec["containers"][0].get("lifecycle")

    assert spec["terminationGracePeriodSeconds"] == grace
    assert lifecycle == (None if sleep is None else {"preStop": {"sleep": {"seconds": sleep}}})


@pytest.mark.parametrize(
    ("health", "liveness", "readiness"),
    [
        pytest.param(
            {},
            {"httpGet": {"path": "/healthz", "port": 9090}},
            {"httpGet": {"path": "/readyz", "port": 9090}},
            id="ops-port",
        ),
        pytest.param(
            {"health": {"http": {"port": 8080, "livenessPath": "/live", "readinessPath": "/ready"}}},
            {"httpGet": {"path": "/live", "port": 8080}},
            {"httpGet": {"path": "/ready", "port": 8080}},
            id="other-port-and-paths",
        ),
        pytest.param(
            {"health": {"exec": {"liveness": ["true"], "readiness": ["ask", "me"]}}},
            {"exec": {"command": ["true"]}},
            {"exec": {"command": ["ask", "me"]}},
            id="exec",
        ),
        pytest.param(
            {"health": {"tcp": {"port": 6379}}}, {"tcpSocket": {"port": 6379}}, {"tcpSocket": {"port": 6379}}, id="tcp"
        ),
    ],
)
def test_probes_ask_where_the_component_answers(
    health: dict[str, Any], liveness: dict[str, Any], readiness: dict[str, Any]
) -> None:
    found = container(component("x", **health))

    assert liveness.items() <= found["livenessProbe"].items()
    assert liveness.items() <= found["startupProbe"].items()
    assert readiness.items() <= found["readinessProbe"].items()


@pytest.mark.parametrize(
    ("each", "ports"),
    [
        pytest.param(component("x"), {"http": 8000, "ops": 9090}, id="api"),
        pytest.param(component("x", "Worker"), {"ops": 9090}, id="worker"),
        pytest.param(component("x", health={"http": {"port": 8000}}), {"http": 8000}, id="one-port-for-both"),
        pytest.param(component("x", "Bot", health={"tcp": {"port": 1}}), {}, id="none"),
    ],
)
def test_ports_are_named(each: dict[str, Any], ports: dict[str, int]) -> None:
    assert {port["name"]: port["containerPort"] for port in container(each).get("ports", [])} == ports


@pytest.mark.parametrize(("kind", "spread"), [("API", True), ("DataService", True), ("Worker", True), ("Bot", False)])
def test_pods_of_a_component_are_spread_over_nodes(kind: str, spread: bool) -> None:
    assert ("topologySpreadConstraints" in template(component("x", kind))["spec"]) is spread


def test_resources_of_the_component_replace_the_defaults() -> None:
    defaults = {"resources": {"limits": {"memory": "1Gi"}}}
    own = {"resources": {"requests": {"cpu": 1}}}

    assert container(component("x"), defaults=defaults)["resources"] == {"limits": {"memory": "1Gi"}}
    assert container(component("x", **own), defaults=defaults)["resources"] == {"requests": {"cpu": 1}}
    assert "resources" not in container(component("x"))


def test_what_is_not_said_is_not_rendered() -> None:
    assert not {"command", "args", "imagePullPolicy", "resources"} & set(container(component("x")))
    assert "imagePullSecrets" not in template(component("x"))["spec"]


def test_pull_secrets_come_from_the_defaults() -> None:
    found = template(component("x"), defaults={"imagePullSecrets": [{"name": "registry"}]})

    assert found["spec"]["imagePullSecrets"] == [{"name": "registry"}]


def config(given: Given) -> str | None:
    each = component("worker", "Worker", secretEnv=[{"name": "K", "secretRef": {"name": "s", "key": "k"}}])
    found: str | None = template(each, given)["metadata"].get("annotations", {}).get(CONFIG)
    return found


def test_pods_roll_when_a_secret_they_read_changes() -> None:
    base = Given(amqp_uris={"worker": "amqp://a"}, secret_digests={("s", "k"): "1"})
    variants = [
        base,
        Given(amqp_uris={"worker": "amqp://b"}, secret_digests={("s", "k"): "1"}),
        Given(amqp_uris={"worker": "amqp://a"}, secret_digests={("s", "k"): "2"}),
        Given(amqp_uris={"worker": "amqp://a"}),
    ]

    assert len({config(given) for given in variants}) == len(variants)


def test_pods_do_not_roll_for_what_they_do_not_read() -> None:
    one = Given(amqp_uris={"worker": "a"}, secret_digests={("s", "k"): "1", ("s", "other"): "1"})
    two = Given(amqp_uris={"worker": "a", "api": "b"}, secret_digests={("s", "k"): "1", ("s", "other"): "2"})

    assert config(one) == config(two)


def test_a_component_that_reads_no_secret_has_no_digest() -> None:
    assert "annotations" not in template(component("x"))["metadata"]
