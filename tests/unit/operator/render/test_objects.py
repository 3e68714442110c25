"""Services, Deployments, autoscalers, KEDA, Ingress and Secrets, one by one."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from usecase_operator.metadata import Manifest
from usecase_operator.model import UseCase
from usecase_operator.render import Given, ScalerAccess, render
from usecase_operator.render.secret import references
from usecases import STORE, component, make_usecase

QUEUE_SCALED = component(
    "worker",
    "Worker",
    consumes=[{"queue": "jobs", "maxProcessingSeconds": 900}],
    scaling={"mode": "Queue", "min": 0, "max": 8, "queue": {"name": "jobs", "messagesPerReplica": 20}},
)
WITH_KEDA = Given(
    keda=True,
    scaler=ScalerAccess("http://u:p@broker:15672/prod.shop", None),
    amqp_uris={"worker": "amqp://u:p@broker/v"},
)


def one(kind: str, usecase: UseCase, given: Given | None = None) -> Manifest | None:
    return next((each for each in render(usecase, given or Given()) if each["kind"] == kind), None)


def spec(kind: str, usecase: UseCase, given: Given | None = None) -> Any:
    found = one(kind, usecase, given)
    assert found is not None
    return found["spec"]


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        ("API", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}),
        ("Worker", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}}),
        ("Bot", {"type": "Recreate"}),
    ],
)
def test_a_bot_is_never_two_and_the_others_are_never_fewer(kind: str, strategy: dict[str, Any]) -> None:
    assert spec("Deployment", make_usecase(component("x", kind)))["strategy"] == strategy


def test_a_rollout_has_the_deadline_of_the_use_case() -> None:
    found = spec("Deployment", make_usecase(progressDeadlineSeconds=77))

    assert found["progressDeadlineSeconds"] == 77


@pytest.mark.parametrize(
    ("expose", "kind", "node_port"),
    [
        pytest.param({}, "ClusterIP", None, id="inside"),
        pytest.param({"expose": {"nodePort": 30080}}, "NodePort", 30080, id="node-port"),
        pytest.param({"expose": {"ingress": {"host": "x.test"}}}, "ClusterIP", None, id="ingress"),
    ],
)
def test_a_service_is_as_open_as_it_says(expose: dict[str, Any], kind: str, node_port: int | None) -> None:
    found = spec("Service", make_usecase(component("api", **expose)))

    assert (found["type"], found["ports"][0].get("nodePort")) == (kind, node_port)
    assert (found["ports"][0]["port"], found["ports"][0]["targetPort"]) == (8000, 8000)


def test_an_ingress_leads_to_the_service() -> None:
    wanted = {"host": "x.test", "path": "/shop", "className": "nginx", "tlsSecretName": "cert"}
    found = spec("Ingress", make_usecase(component("api", expose={"ingress": wanted})))

    assert found == {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "x.test",
                "http": {
                    "paths": [
                        {
                            "path": "/shop",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "shop-api", "port": {"name": "http"}}},
                        }
                    ]
                },
            }
        ],
        "tls": [{"hosts": ["x.test"], "secretName": "cert"}],
    }


def test_an_ingress_has_the_annotations_it_is_given() -> None:
    said = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    usecase = make_usecase(component("api", expose={"ingress": {"host": "x.test", "annotations": said}}))

    made = one("Ingress", usecase)

    assert made is not None
    assert made["metadata"]["annotations"].items() >= said.items()


def test_a_plain_ingress_names_no_class_and_no_certificate() -> None:
    found = spec("Ingress", make_usecase(component("api", expose={"ingress": {"host": "x.test"}})))

    assert set(found) == {"rules"}


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        pytest.param({"mode": "CPU", "max": 4}, (1, 4, 80), id="least-said"),
        pytest.param({"mode": "CPU", "min": 2, "max": 6, "targetUtilization": 70}, (2, 6, 70), id="all-said"),
    ],
)
def test_an_autoscaler_stays_in_its_bounds(scaling: dict[str, Any], expected: tuple[int, int, int]) -> None:
    found = spec("HorizontalPodAutoscaler", make_usecase(component("api", scaling=scaling)))
    target = found["metrics"][0]["resource"]["target"]

    assert (found["minReplicas"], found["maxReplicas"], target["averageUtilization"]) == expected
    assert found["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-api"}


def test_without_a_mode_nobody_scales() -> None:
    assert one("HorizontalPodAutoscaler", make_usecase()) is None


def test_keda_watches_the_queue() -> None:
    found = spec("ScaledObject", make_usecase(QUEUE_SCALED), WITH_KEDA)

    assert (found["minReplicaCount"], found["maxReplicaCount"]) == (0, 8)
    assert found["cooldownPeriod"] == 900, "not shorter than a message in work may take"
    assert found["fallback"]["replicas"] == 1
    assert found["triggers"] == [
        {
            "type": "rabbitmq",
            "metadata": {"protocol": "http", "queueName": "jobs", "mode": "QueueLength", "value": "20"},
            "authenticationRef": {"name": "shop-keda"},
        }
    ]


def test_pods_are_taken_away_as_slowly_as_it_says() -> None:
    slowly = {"scaleDown": {"stabilizationWindowSeconds": 15}}
    by_cpu = component("api", scaling={"mode": "CPU", "max": 4, "scaleDownStabilizationSeconds": 15})
    by_queue = {**QUEUE_SCALED, "scaling": {**QUEUE_SCALED["scaling"], "scaleDownStabilizationSeconds": 15}}

    assert spec("HorizontalPodAutoscaler", make_usecase(by_cpu))["behavior"] == slowly
    scaled = spec("ScaledObject", make_usecase(by_queue), WITH_KEDA)
    assert scaled["advanced"] == {"horizontalPodAutoscalerConfig": {"behavior": slowly}}


def test_pods_are_taken_away_at_once_where_it_says_0_and_as_kubernetes_does_where_it_says_nothing() -> None:
    at_once = component("api", scaling={"mode": "CPU", "max": 4, "scaleDownStabilizationSeconds": 0})
    silent = component("api", scaling={"mode": "CPU", "max": 4})

    found = spec("HorizontalPodAutoscaler", make_usecase(at_once))["behavior"]
    assert found == {"scaleDown": {"stabilizationWindowSeconds": 0}}
    assert "behavior" not in spec("HorizontalPodAutoscaler", make_usecase(silent))
    assert "advanced" not in spec("ScaledObject", make_usecase(QUEUE_SCALED), WITH_KEDA)


@pytest.mark.parametrize(
    ("ca", "tls"), [pytest.param(None, "disable", id="KEDA's own trust"), pytest.param("PEM", "enable", id="own CA")]
)
def test_keda_gets_its_own_way_in_and_whom_to_trust(ca: str | None, tls: str) -> None:
    usecase, given = make_usecase(QUEUE_SCALED), replace(WITH_KEDA, scaler=ScalerAccess("http://u:p@broker/v", ca))
    found = {each["metadata"]["name"]: each for each in render(usecase, given) if each["kind"] == "Secret"}

    data = {key: base64.b64decode(value).decode() for key, value in found["shop-keda"]["data"].items()}
    assert data == {"host": "http://u:p@broker/v", "tls": tls, "ca": ca or ""}
    assert spec("TriggerAuthentication", usecase, given) == {
        "secretTargetRef": [{"parameter": key, "name": "shop-keda", "key": key} for key in ("host", "tls", "ca")]
    }


def test_what_keda_reads_stays_while_the_broker_is_not_known() -> None:
    names = {each["metadata"]["name"] for each in render(make_usecase(QUEUE_SCALED), replace(WITH_KEDA, scaler=None))}

    assert "shop-keda" in names  # what reads it
    assert not one("Secret", make_usecase(QUEUE_SCALED), Given(keda=True))


def test_without_keda_its_kinds_are_left_out() -> None:
    found = {each["kind"] for each in render(make_usecase(QUEUE_SCALED), Given())}

    assert not found & {"ScaledObject", "TriggerAuthentication"}


@pytest.mark.parametrize("suspend", [True, False])
def test_keda_rests_while_the_use_case_is_suspended(suspend: bool) -> None:
    found = one("ScaledObject", make_usecase(QUEUE_SCALED, suspend=suspend), WITH_KEDA)

    assert found is not None
    assert ("autoscaling.keda.sh/paused" in found["metadata"]["annotations"]) is suspend


def test_a_broker_secret_holds_what_was_handed_in() -> None:
    found = one("Secret", make_usecase(component("worker", "Worker")), WITH_KEDA)

    assert found is not None
    assert found["metadata"]["name"] == "shop-worker-amqp"
    assert base64.b64decode(found["data"]["uri"]) == b"amqp://u:p@broker/v"


def test_a_password_is_never_invented() -> None:
    assert one("Secret", make_usecase(component("worker", "Worker")), Given()) is None


def test_the_secrets_of_others_are_known_by_name_and_key() -> None:
    data = component(
        "data",
        "DataService",
        uses=[{"store": "postgres", "env": "A"}, {"store": "postgres", "env": "B"}],
        secretEnv=[{"name": "K", "secretRef": {"name": "s", "key": "k"}}],
        publishes=[{"exchange": "events"}],
    )
    usecase = make_usecase(data)

    assert STORE["secretRef"] == {"name": "pg"}
    assert references(usecase, usecase.spec.components[0]) == (("s", "k"), ("pg", "uri"))


@pytest.mark.parametrize(("kind", "kept"), [("API", True), ("DataService", True), ("Worker", True), ("Bot", False)])
def test_a_drain_takes_one_pod_at_a_time(kind: str, kept: bool) -> None:
    found = one("PodDisruptionBudget", make_usecase(component("x", kind)))

    assert (found is not None) is kept
    if found:
        assert found["spec"]["maxUnavailable"] == 1


def test_no_component_has_a_token() -> None:
    found = one("ServiceAccount", make_usecase())

    assert found is not None
    assert found["automountServiceAccountToken"] is False
