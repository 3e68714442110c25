"""What charts/usecase-operator makes: the definition, the operator's pods, and the hooks around its life."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from unit.charts.rendered import OPERATOR, Helm, Manifest, Render, named, templates
from usecase_operator import settings
from usecases import CRD

KEEP = {"helm.sh/resource-policy": "keep"}


def environment(manifests: list[Manifest]) -> dict[str, str]:
    container = named(manifests, "Deployment", "demo")["spec"]["template"]["spec"]["containers"][0]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def test_the_definition_is_the_one_source(operator: list[Manifest]) -> None:
    found = named(operator, "CustomResourceDefinition", "usecases.usecase.dev")
    assert found == yaml.safe_load(CRD.read_text())
    assert found["metadata"]["annotations"] == KEEP


def test_the_definition_can_be_left_out_or_given_up(render: Render) -> None:
    without = render(OPERATOR, {"crds": {"install": False}})
    assert "CustomResourceDefinition" not in {m["kind"] for m in without}
    unkept = render(OPERATOR, {"crds": {"keep": False}})
    found = named(unkept, "CustomResourceDefinition", "usecases.usecase.dev")
    assert found["metadata"]["annotations"] != KEEP
    assert found["spec"] == yaml.safe_load(CRD.read_text())["spec"]


def test_the_definition_is_a_template_so_that_upgrades_reach_it(run_helm: Helm, tmp_path: Path) -> None:
    changed = tmp_path / "chart"
    shutil.copytree(OPERATOR, changed)
    file = changed / "files" / "usecase.yaml"
    file.write_text(file.read_text().replace("shortNames: [uc]", "shortNames: [uc, uses]"))
    done = run_helm("template", "demo", str(changed), "--is-upgrade")
    crds = [m for m in yaml.safe_load_all(done.stdout) if m and m["kind"] == "CustomResourceDefinition"]
    assert [each["spec"]["names"]["shortNames"] for each in crds] == [["uc", "uses"]]
    assert not (OPERATOR / "crds").exists()


def test_the_operator_understands_what_the_chart_tells_it(render: Render) -> None:
    values = {"watchNamespaces": ["b", "a"], "opsPort": 9191, "logLevel": "DEBUG", "fullnameOverride": "op"}
    manifests = render(OPERATOR, values)
    container = named(manifests, "Deployment", "op")["spec"]["template"]["spec"]["containers"][0]
    given = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    read = settings.read({**given, "POD_NAMESPACE": "system", "POD_NAME": "op-1"})
    assert read == settings.Settings(
        watch_namespaces=("a", "b"), namespace="system", identity="op-1", lease="op", service_account="op",
        ops_port=9191, log_level="DEBUG",
    )  # fmt: skip
    assert container["ports"] == [{"name": "ops", "containerPort": 9191}]
    assert named(manifests, "Service", "op")["spec"]["ports"][0]["port"] == 9191


def test_without_namespaces_the_whole_cluster_is_meant(operator: list[Manifest]) -> None:
    assert settings.read(environment(operator)).watch_namespaces == ()


def test_two_processes_survive_a_node_and_a_drain(operator: list[Manifest]) -> None:
    deployment = named(operator, "Deployment", "demo")["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert named(operator, "PodDisruptionBudget", "demo")["spec"]["maxUnavailable"] == 1
    spread = deployment["template"]["spec"]["topologySpreadConstraints"][0]
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    seconds = {each["key"]: each["tolerationSeconds"] for each in deployment["template"]["spec"]["tolerations"]}
    assert seconds == {"node.kubernetes.io/not-ready": 30, "node.kubernetes.io/unreachable": 30}


def test_every_selector_finds_the_operators_pods_and_no_hooks(operator: list[Manifest]) -> None:
    pods = {name: template["metadata"]["labels"].items() for name, template in templates(operator).items()}
    selectors = [
        named(operator, "Deployment", "demo")["spec"]["selector"]["matchLabels"],
        named(operator, "Service", "demo")["spec"]["selector"],
        named(operator, "PodDisruptionBudget", "demo")["spec"]["selector"]["matchLabels"],
        named(operator, "NetworkPolicy", "demo")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert [name for name, labels in pods.items() if selector.items() <= labels] == ["Deployment/demo"]


def test_the_broker_admits_these_pods_by_the_other_charts_default(
    operator: list[Manifest], stack: list[Manifest]
) -> None:
    policy = named(stack, "NetworkPolicy", "demo-rabbitmq")["spec"]
    peer = next(rule["from"][0] for rule in policy["ingress"] if rule["ports"] == [{"port": 15672}])
    labels = named(operator, "Deployment", "demo")["spec"]["template"]["metadata"]["labels"]
    assert peer["podSelector"]["matchLabels"].items() <= labels.items()


def test_image_settings_reach_every_pod(render: Render) -> None:
    digest = "sha256:" + "b" * 64
    values = {
        "global": {"imageRegistry": "r.example"},
        "image": {"repository": "ops/operator", "digest": digest},
        "imagePullSecrets": [{"name": "key"}],
        "nodeSelector": {"pool": "ops"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        "priorityClassName": "high",
        "serviceAccount": {"name": "ops"},
        "commonLabels": {"team": "platform"},
        "commonAnnotations": {"owner": "ops"},
    }
    for name, template in templates(render(OPERATOR, values)).items():
        spec = template["spec"]
        assert spec["containers"][0]["image"] == f"r.example/ops/operator@{digest}", name
        assert spec["imagePullSecrets"] == [{"name": "key"}], name
        assert spec["nodeSelector"] == {"pool": "ops"}, name
        assert spec["priorityClassName"] == "high", name
        assert spec["tolerations"] == values["tolerations"], name
        assert spec["affinity"] == values["affinity"], name
        assert spec["serviceAccountName"] == "ops", name
        assert template["metadata"]["labels"]["team"] == "platform", name
        assert template["metadata"]["annotations"]["owner"] == "ops", name


def test_annotations_of_pods_are_on_the_operators_pods(render: Render) -> None:
    manifests = render(OPERATOR, {"podAnnotations": {"sidecar": "no"}})
    assert templates(manifests)["Deployment/demo"]["metadata"]["annotations"] == {"sidecar": "no"}


def test_the_service_account_is_as_the_values_say(render: Render, operator: list[Manifest]) -> None:
    assert named(operator, "ServiceAccount", "demo")["automountServiceAccountToken"] is True
    values = {"serviceAccount": {"name": "ops", "automount": False, "annotations": {"role": "usecases"}}}
    manifests = render(OPERATOR, values)
    account = named(manifests, "ServiceAccount", "ops")
    assert account["automountServiceAccountToken"] is False
    assert account["metadata"]["annotations"] == {"role": "usecases"}
    bindings = [m for m in manifests if m["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    assert {each["name"] for binding in bindings for each in binding["subjects"]} == {"ops"}


def test_further_volumes_are_seen_by_the_operator(render: Render, operator: list[Manifest]) -> None:
    volume, mount = {"name": "ca", "configMap": {"name": "ca"}}, {"name": "ca", "mountPath": "/ca"}
    spec = named(render(OPERATOR, {"extraVolumes": [volume], "extraVolumeMounts": [mount]}), "Deployment", "demo")[
        "spec"
    ]
    assert spec["template"]["spec"]["volumes"] == [volume]
    assert spec["template"]["spec"]["containers"][0]["volumeMounts"] == [mount]
    assert "volumes" not in named(operator, "Deployment", "demo")["spec"]["template"]["spec"]


def test_a_tag_is_the_charts_version_unless_given(render: Render, operator: list[Manifest]) -> None:
    def images(manifests: list[Manifest]) -> set[str]:
        return {each["spec"]["containers"][0]["image"] for each in templates(manifests).values()}

    assert images(operator) == {"usecase.local/operator:0.1.0"}
    assert images(render(OPERATOR, {"image": {"tag": "abc"}})) == {"usecase.local/operator:abc"}


def test_common_labels_and_annotations_are_on_every_object(render: Render) -> None:
    both = {"commonLabels": {"team": "platform"}, "commonAnnotations": {"owner": "ops"}}
    for manifest in render(OPERATOR, both):
        if manifest["kind"] == "CustomResourceDefinition":
            continue  # it is the one source, byte for byte
        assert manifest["metadata"]["labels"]["team"] == "platform", manifest["kind"]
        assert manifest["metadata"]["annotations"]["owner"] == "ops", manifest["kind"]


def test_an_uninstall_is_refused_by_a_hook_that_can_be_switched_off(render: Render, operator: list[Manifest]) -> None:
    job = named(operator, "Job", "demo-uninstall")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"
    assert job["metadata"]["annotations"]["helm.sh/hook-output-log-policy"] == "hook-failed"
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "demo"
    scripts = named(operator, "ConfigMap", "demo-uninstall")["data"]
    assert set(scripts) == {"api_server.py", "refuse_while_used.py"}
    for name, text in scripts.items():
        compile(text, name, "exec")
    without = render(OPERATOR, {"uninstall": {"refuseWhileUsed": False}})
    assert "demo-uninstall" not in {m["metadata"]["name"] for m in without}


@pytest.mark.parametrize(("enabled", "rules"), [(True, 1), (False, 0)])
def test_only_the_named_read_its_metrics(render: Render, enabled: bool, rules: int) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "watchers"}}}
    manifests = render(OPERATOR, {"networkPolicy": {"enabled": enabled, "metricsFrom": [peer]}})
    policies = [m for m in manifests if m["kind"] == "NetworkPolicy"]
    assert len(policies) == rules
    for policy in policies:
        (rule,) = policy["spec"]["ingress"]
        assert rule["ports"] == [{"port": 9090}]
        test_pod, scraper = rule["from"]
        assert scraper == peer
        labels = templates(manifests)["Pod/demo-test"]["metadata"]["labels"]
        assert test_pod["podSelector"]["matchLabels"].items() <= labels.items()


def test_extra_environment_comes_through(render: Render) -> None:
    extra = [{"name": "HTTPS_PROXY", "value": "http://proxy.{{ .Release.Namespace }}:3128"}]
    assert environment(render(OPERATOR, {"extraEnv": extra}))["HTTPS_PROXY"] == "http://proxy.apps:3128"


def test_the_values_of_the_example_in_the_notes_exist(run_helm: Helm) -> None:
    """What the notes tell the user to set on the other chart is known there."""
    values = {"operator": {"namespace": "apps", "serviceAccount": "demo"}}
    chart = str(OPERATOR.parent / "task-management")
    assert run_helm("template", "x", chart, "--set-json", json.dumps(values)).returncode == 0
