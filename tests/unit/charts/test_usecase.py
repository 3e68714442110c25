"""The UseCase that charts/task-management makes: relations as the example has them, values where they belong."""

import re
from typing import Any

import pytest
import yaml

from contract.test_docs_blocks import blocks
from unit.charts.rendered import BACKENDS_ALONE, CHART, Helm, Manifest, Render, decoded, named, one, templates
from usecase_operator.model import parse
from usecase_operator.offline import admitted, crd, schema_of
from usecases import ROOT

DIGEST = "sha256:" + "a" * 64


def usecase(manifests: list[Manifest]) -> Manifest:
    return named(manifests, "UseCase", "demo")


def component(manifests: list[Manifest], name: str) -> Manifest:
    found: Manifest = next(each for each in usecase(manifests)["spec"]["components"] if each["name"] == name)
    return found


def test_the_operator_knows_every_field_of_it(stack: list[Manifest]) -> None:
    parsed = parse(admitted(usecase(stack), schema_of(crd())))
    assert len(parsed.spec.components) == 6
    assert parsed.name == "demo"


def relations(spec: Manifest) -> Manifest:
    """What holds parts of the use case together, without numbers and images."""
    names = ("name", "kind", "http", "uses", "consumes", "publishes", "secretEnv")
    return {
        "infrastructure": {
            "rabbitmq": spec["infrastructure"]["rabbitmq"],
            "stores": sorted(spec["infrastructure"]["stores"], key=lambda store: str(store["name"])),
        },
        "messaging": spec["messaging"],
        "components": [
            {name: defaulted(name, each[name]) for name in names if name in each} for each in spec["components"]
        ],
    }


def defaulted(name: str, value: Any) -> Any:
    return [{"prefetch": 10, **each} for each in value] if name == "consumes" else value


def test_its_relations_are_those_of_the_example(stack: list[Manifest]) -> None:
    text = (ROOT / "crds" / "examples" / "task-management.yaml").read_text()
    example = yaml.safe_load(text.replace("task-management", "demo"))["spec"]
    assert relations(usecase(stack)["spec"]) == relations(example)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {"mode": "Manual", "replicas": 2}),
        (
            {"mode": "CPU", "min": 2, "max": 4, "scaleDownStabilizationSeconds": 0},
            {"mode": "CPU", "min": 2, "max": 4, "targetUtilization": 70, "scaleDownStabilizationSeconds": 0},
        ),
        (
            {"mode": "Queue", "min": 0, "scaleDownStabilizationSeconds": 15},
            {
                "mode": "Queue",
                "min": 0,
                "max": 6,
                "scaleDownStabilizationSeconds": 15,
                "queue": {"name": "task_analytics", "messagesPerReplica": 500},
            },
        ),
        (
            {"mode": "CPU", "min": 0},
            {"mode": "CPU", "min": 1, "max": 6, "targetUtilization": 70, "scaleDownStabilizationSeconds": 300},
        ),
    ],
)
def test_a_worker_scales_in_every_mode(render: Render, values: Manifest, expected: Manifest) -> None:
    manifests = render(CHART, {"analyticsWorker": {"scaling": values}})
    assert component(manifests, "analytics-worker")["scaling"] == expected
    admitted(usecase(manifests), schema_of(crd()))


def test_the_api_scales_by_cpu_or_by_hand(render: Render, stack: list[Manifest]) -> None:
    assert component(stack, "api")["scaling"] == {"mode": "Manual", "replicas": 2}
    manifests = render(CHART, {"api": {"scaling": {"mode": "CPU"}}})
    assert component(manifests, "api")["scaling"] == {
        "mode": "CPU", "min": 2, "max": 6, "targetUtilization": 70, "scaleDownStabilizationSeconds": 300,
    }  # fmt: skip


def test_the_api_is_exposed_only_if_asked(render: Render, stack: list[Manifest]) -> None:
    assert "expose" not in component(stack, "api")
    exposed = render(CHART, {"api": {"expose": {"nodePort": 30080}}})
    assert component(exposed, "api")["expose"] == {"nodePort": 30080}
    behind = render(CHART, {"api": {"expose": {"ingress": {"host": "tasks.example", "className": "nginx"}}}})
    assert component(behind, "api")["expose"] == {
        "ingress": {"host": "tasks.example", "path": "/", "className": "nginx"}
    }


def test_images_follow_registry_tag_and_digest(render: Render, stack: list[Manifest]) -> None:
    assert component(stack, "api")["image"] == "usecase.local/api:0.1.0"
    manifests = render(
        CHART, {"global": {"imageRegistry": "r.example/x/"}, "api": {"image": {"tag": "7", "digest": DIGEST}}}
    )
    assert component(manifests, "api")["image"] == f"r.example/x/usecase.local/api@{DIGEST}"
    others = [each["image"] for each in usecase(manifests)["spec"]["components"] if each["name"] != "api"]
    assert all(image.startswith("r.example/x/") and image.endswith(":0.1.0") for image in others)
    for name, template in templates(manifests).items():
        for container in template["spec"]["containers"]:
            assert container["image"].startswith("r.example/x/"), name


def test_ones_own_variable_goes_before_the_charts(render: Render) -> None:
    env = [{"name": "BATCH_SIZE", "value": "7"}, {"name": "MORE", "value": "x"}]
    manifests = render(CHART, {"analyticsWorker": {"env": env}})
    assert component(manifests, "analytics-worker")["env"] == env


COMPONENTS = {
    "postgresData": "postgres-data", "mongoData": "mongo-data", "api": "api", "bot": "bot",
    "reminderWorker": "reminder-worker", "analyticsWorker": "analytics-worker",
}  # fmt: skip


@pytest.mark.parametrize(("key", "name"), COMPONENTS.items())
def test_each_component_takes_a_variable_of_a_secret_and_a_way_out(render: Render, key: str, name: str) -> None:
    variable = {"name": "OTEL_EXPORTER_OTLP_HEADERS", "secretRef": {"name": "traces", "key": "headers"}}
    way = {"cidrs": ["203.0.113.0/28"], "ports": [4318], "reason": "traces"}
    telegram = {"existingSecret": "telegram"} if key == "bot" else {}
    manifests = render(CHART, {key: {"secretEnv": [variable], "egress": [way], **telegram}})
    found = component(manifests, name)
    assert variable in found["secretEnv"]
    assert found["egress"] == [way]
    admitted(usecase(manifests), schema_of(crd()))


def test_a_use_case_takes_more_than_the_chart_has(render: Render) -> None:
    more = {
        "extraComponents": [
            {
                "name": "audit", "kind": "Worker", "image": "r.example/audit:1",
                "consumes": [{"queue": "audit"}], "publishes": [{"exchange": "audited"}],
            }
        ],
        "extraMessaging": {
            "exchanges": [{"name": "audited"}],
            "queues": [{"name": "audit"}],
            "bindings": [{"exchange": "task_events", "queue": "audit", "routingKey": "task.#"}],
        },
    }  # fmt: skip
    manifests = render(CHART, {"useCase": more})
    parsed = parse(admitted(usecase(manifests), schema_of(crd())))
    assert parsed.spec.components[-1].name == "audit"
    assert [len(each) for each in (parsed.spec.messaging.exchanges, parsed.spec.messaging.queues)] == [4, 4]
    assert parsed.spec.messaging.bindings[-1].queue == "audit"
    assert len(parsed.spec.components) == 7


def test_the_values_of_the_how_to_are_the_blocks_it_explains(render: Render) -> None:
    page = ROOT / "docs" / "how-to" / "add-a-component.md"
    (values,) = blocks(page, "values")
    explained = [block["spec"] for block in blocks(page, "merge")]
    use_case = values["useCase"]
    for kind, more in {"components": use_case["extraComponents"], **use_case["extraMessaging"]}.items():
        places = [spec if kind == "components" else spec.get("messaging", {}) for spec in explained]
        assert more
        assert all(each in [one for place in places for one in place.get(kind, ())] for each in more), kind
    admitted(usecase(render(CHART, values)), schema_of(crd()))


def test_isolation_may_be_left_to_others(render: Render, stack: list[Manifest]) -> None:
    assert usecase(stack)["spec"]["isolation"] == {
        "networkPolicy": "Enforce", "scrapeFrom": {"namespace": "monitoring"},
    }  # fmt: skip
    manifests = render(CHART, {"useCase": {"networkPolicy": "Off"}, "monitoring": {"scrapeFrom": ""}})
    assert usecase(manifests)["spec"]["isolation"] == {"networkPolicy": "Off"}


def test_where_isolation_is_left_to_others_no_policy_is_made(render: Render) -> None:
    """A single one, though it opens a way, would close all others of the pods that it selects."""
    values = {"useCase": {"networkPolicy": "Off"}, "networkPolicy": {"enabled": False}}
    assert [each["metadata"]["name"] for each in render(CHART, values) if each["kind"] == "NetworkPolicy"] == []


def test_an_ingress_takes_annotations(render: Render) -> None:
    said = {"cert-manager.io/cluster-issuer": "letsencrypt"}
    manifests = render(CHART, {"api": {"expose": {"ingress": {"host": "tasks.example", "annotations": said}}}})
    assert component(manifests, "api")["expose"]["ingress"]["annotations"] == said


def test_a_pod_template_reaches_its_component(render: Render) -> None:
    template = {"spec": {"priorityClassName": "high"}}
    assert component(render(CHART, {"api": {"podTemplate": template}}), "api")["podTemplate"] == template


def test_secrets_are_made_once_and_kept(stack: list[Manifest]) -> None:
    secret = named(stack, "Secret", "demo-secrets")
    assert secret["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    values = decoded(secret)
    assert re.fullmatch(r"[0-9]+:[A-Za-z0-9]{32}", values.pop("bot-token"))
    assert set(values) == {"secret-key", "internal-token", "bot-credential"}
    assert len({*values.values()}) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", value) for value in values.values())


def test_every_key_that_a_component_asks_for_is_in_the_secret(stack: list[Manifest]) -> None:
    keys = set(decoded(named(stack, "Secret", "demo-secrets")))
    asked = [entry["secretRef"] for each in usecase(stack)["spec"]["components"] for entry in each["secretEnv"]]
    assert {ref["name"] for ref in asked} == {"demo-secrets"}
    assert {ref["key"] for ref in asked} == keys


def test_an_existing_secret_takes_the_place_of_the_made_one(render: Render) -> None:
    manifests = render(CHART, {"secrets": {"existingSecret": "mine"}})
    assert "demo-secrets" not in {m["metadata"]["name"] for m in manifests if m["kind"] == "Secret"}
    asked = [entry["secretRef"] for each in usecase(manifests)["spec"]["components"] for entry in each["secretEnv"]]
    assert {ref["name"] for ref in asked} == {"mine"}


def test_a_real_token_ends_the_demo(render: Render, stack: list[Manifest]) -> None:
    demo = {m["metadata"]["name"] for m in stack if "bot" in m["metadata"]["name"]}
    assert demo == {"demo-bot-api", "demo-bot-demo"}
    assert "egress" not in component(stack, "bot")
    assert component(stack, "bot")["env"] == [{"name": "BOT_API_SERVER", "value": "http://demo-bot-api:8081"}]
    manifests = render(CHART, {"bot": {"existingSecret": "telegram"}})
    assert not [m for m in manifests if "bot" in m["metadata"]["name"]]
    bot = component(manifests, "bot")
    assert bot["secretEnv"][0] == {"name": "BOT_TOKEN", "secretRef": {"name": "telegram", "key": "bot-token"}}
    assert bot["egress"][0]["ports"] == [443]
    assert "env" not in bot


def test_without_the_bot_its_queue_is_still_declared(render: Render) -> None:
    manifests = render(CHART, {"bot": {"enabled": False}})
    spec = usecase(manifests)["spec"]
    assert "bot" not in {each["name"] for each in spec["components"]}
    assert {"name": "bot_notifications", "messageTtlSeconds": 86400, "maxMessages": 100000} in spec["messaging"][
        "queues"
    ]
    assert not [m for m in manifests if "bot" in m["metadata"]["name"]]


def test_only_the_bot_reaches_the_demo_server(stack: list[Manifest]) -> None:
    bot = {"app.kubernetes.io/instance": "demo", "app.kubernetes.io/component": "bot"}
    server = {"app.kubernetes.io/instance": "demo", "app.kubernetes.io/component": "bot-api"}
    inward = one(stack, "NetworkPolicy", "bot-api")["spec"]
    outward = one(stack, "NetworkPolicy", "bot-demo")["spec"]
    assert (inward["podSelector"]["matchLabels"], outward["podSelector"]["matchLabels"]) == (server, bot)
    assert inward["ingress"] == [{"ports": [{"port": 8081}], "from": [{"podSelector": {"matchLabels": bot}}]}]
    assert outward["egress"] == [{"ports": [{"port": 8081}], "to": [{"podSelector": {"matchLabels": server}}]}]
    pod = one(stack, "Deployment", "bot-api")["spec"]["template"]
    assert server.items() <= pod["metadata"]["labels"].items()


def test_an_external_store_is_named_by_its_address(render: Render) -> None:
    reach = {"cidrs": ["198.51.100.7/32"]}
    external = {"enabled": False, "existingSecret": "cloud", "external": {"reach": reach, "port": 5433}}
    broker = {"enabled": False, "existingSecret": "rabbit", "external": {"reach": reach, "port": 5671, "tls": True}}
    manifests = render(CHART, {"postgres": external, "rabbitmq": broker})
    infrastructure = usecase(manifests)["spec"]["infrastructure"]
    assert infrastructure["rabbitmq"] == {
        "connectionSecretRef": {"name": "rabbit"}, "port": 5671, "tls": True, "reach": reach,
    }  # fmt: skip
    store = next(each for each in infrastructure["stores"] if each["name"] == "postgres")
    assert store == {
        "name": "postgres", "type": "PostgreSQL", "port": 5433, "secretRef": {"name": "cloud"}, "reach": reach,
    }  # fmt: skip
    assert not [m for m in manifests if m["metadata"]["name"] in ("demo-postgres", "demo-rabbitmq")]


def test_the_backends_are_reached_by_labels_their_pods_have(stack: list[Manifest]) -> None:
    infrastructure = usecase(stack)["spec"]["infrastructure"]
    reaches = {"rabbitmq": infrastructure["rabbitmq"], **{each["name"]: each for each in infrastructure["stores"]}}
    for backend, said in reaches.items():
        labels = one(stack, "StatefulSet", backend)["spec"]["template"]["metadata"]["labels"]
        assert said["reach"]["podLabels"].items() <= labels.items()


def test_the_operator_may_use_the_secrets_of_the_namespace(render: Render, stack: list[Manifest]) -> None:
    binding = named(stack, "RoleBinding", "demo-operator-secrets")
    assert binding["roleRef"]["name"] == "usecase-operator-secrets"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "usecase-operator", "namespace": "usecase-system"}
    ]
    without = render(CHART, {"operator": {"secretsBinding": False}})
    assert "demo-operator-secrets" not in {m["metadata"]["name"] for m in without}


def test_before_an_uninstall_the_use_case_is_deleted(stack: list[Manifest]) -> None:
    job = named(stack, "Job", "demo-uninstall")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"
    assert job["spec"]["activeDeadlineSeconds"] > int(environment(job)["TIMEOUT_SECONDS"]) > 120
    role = named(stack, "Role", "demo-uninstall")
    assert role["rules"] == [
        {"apiGroups": ["usecase.dev"], "resources": ["usecases"], "resourceNames": ["demo"], "verbs": ["get", "delete"]}
    ]


def test_the_test_reaches_the_api_while_it_runs(stack: list[Manifest]) -> None:
    pod, policy = named(stack, "Pod", "demo-test"), named(stack, "NetworkPolicy", "demo-test")
    assert environment(pod) == {"API_URL": "http://demo-api:8000"}
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == policy["metadata"]["annotations"]["helm.sh/hook"] == "test"
    admitted_pods = policy["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
    assert admitted_pods.items() <= pod["metadata"]["labels"].items()


def environment(hook: Manifest) -> dict[str, str]:
    spec = hook["spec"] if hook["kind"] == "Pod" else hook["spec"]["template"]["spec"]
    return {each["name"]: each["value"] for each in spec["containers"][0]["env"]}


def test_backends_alone_have_nothing_of_the_use_case(render: Render) -> None:
    kinds = {m["kind"] for m in render(CHART, BACKENDS_ALONE)}
    assert kinds == {"StatefulSet", "Service", "ConfigMap", "Secret", "NetworkPolicy"}


def test_a_cluster_without_the_definition_is_told_what_to_install(run_helm: Helm) -> None:
    """Only a real cluster has the API of aggregation; `helm template` alone asks nobody."""
    on_a_cluster = ("template", "demo", str(CHART), "--api-versions", "apiregistration.k8s.io/v1")
    without = run_helm(*on_a_cluster)
    assert without.returncode != 0
    assert "this cluster knows no UseCase. Install the operator first: helm install usecase-operator" in without.stderr
    assert run_helm(*on_a_cluster, "--api-versions", "usecase.dev/v1alpha1/UseCase").returncode == 0
    assert run_helm(*on_a_cluster, "--set", "useCase.enabled=false").returncode == 0
