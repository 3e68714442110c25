"""Values of the stack that reach every object and pod: the chart's own, the hooks', and what the operator makes."""

from typing import Any

from unit.charts.rendered import BACKENDS, CHART, Manifest, Render, named, one, pod, templates
from unit.charts.test_usecase import component, usecase

COMMON = {"commonLabels": {"team": "tasks"}, "commonAnnotations": {"owner": "ops"}}


def components(manifests: list[Manifest]) -> list[Manifest]:
    found: list[Manifest] = usecase(manifests)["spec"]["components"]
    assert len(found) == 6
    return found


def test_common_labels_and_annotations_are_on_every_object(render: Render) -> None:
    for manifest in render(CHART, {**COMMON, "serviceAccount": {"create": True}}):
        assert manifest["metadata"]["labels"]["team"] == "tasks", manifest["kind"]
        assert manifest["metadata"]["annotations"]["owner"] == "ops", manifest["kind"]


def test_common_labels_and_annotations_are_on_every_pod(render: Render) -> None:
    manifests = render(CHART, COMMON)
    pods = templates(manifests)
    assert {"Deployment/demo-bot-api", "Job/demo-uninstall", "Pod/demo-test"} < set(pods)
    made_by_the_operator = {each["name"]: each["podTemplate"] for each in components(manifests)}
    for name, template in {**pods, **made_by_the_operator}.items():
        assert template["metadata"]["labels"]["team"] == "tasks", name
        assert template["metadata"]["annotations"]["owner"] == "ops", name


def test_what_a_component_says_itself_goes_before_what_is_common(render: Render) -> None:
    own = {"metadata": {"labels": {"team": "api"}}, "spec": {"priorityClassName": "high"}}
    manifests = render(CHART, {**COMMON, "api": {"podTemplate": own}})
    assert component(manifests, "api")["podTemplate"] == {
        "metadata": {"labels": {"team": "api"}, "annotations": {"owner": "ops"}},
        "spec": {"priorityClassName": "high"},
    }
    assert component(manifests, "bot")["podTemplate"]["metadata"]["labels"] == {"team": "tasks"}


def test_nothing_common_leaves_components_without_a_template(stack: list[Manifest]) -> None:
    assert not [each["name"] for each in components(stack) if "podTemplate" in each]


def test_pull_secrets_reach_every_pod(render: Render) -> None:
    wanted = [{"name": "mirror"}]
    manifests = render(CHART, {"imagePullSecrets": wanted})
    for name, template in templates(manifests).items():
        assert template["spec"]["imagePullSecrets"] == wanted, name
    assert usecase(manifests)["spec"]["defaults"]["imagePullSecrets"] == wanted


def test_hooks_and_the_demo_run_where_they_are_sent(render: Render, stack: list[Manifest]) -> None:
    def placed(selector: dict[str, str], effect: str) -> Manifest:
        return {"nodeSelector": selector, "tolerations": [{"operator": "Exists", "effect": effect}]}

    hooks, demo = placed({"disk": "slow"}, "NoSchedule"), placed({"disk": "fast"}, "NoExecute")
    pods = templates(render(CHART, {"hooks": hooks, "demo": {"botApi": demo}}))
    wanted = {"Job/demo-uninstall": hooks, "Pod/demo-test": hooks, "Deployment/demo-bot-api": demo}
    assert {name: {field: pods[name]["spec"].get(field) for field in hooks} for name in wanted} == wanted
    assert not [name for name, pod in templates(stack).items() if {"nodeSelector", "tolerations"} & set(pod["spec"])]


PLACED: Manifest = {
    "nodeSelector": {"pool": "tasks"},
    "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "high",
}


def test_where_pods_run_is_said_once(render: Render) -> None:
    manifests = render(CHART, PLACED)
    for name, template in templates(manifests).items():
        assert {field: template["spec"].get(field) for field in PLACED} == PLACED, name
    for each in components(manifests):
        spec = each["podTemplate"]["spec"]
        lost = [toleration for toleration in spec["tolerations"] if toleration.get("tolerationSeconds") == 30]
        assert {toleration["key"] for toleration in lost} == {
            "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable",
        }, each["name"]  # fmt: skip
        rest = [toleration for toleration in spec["tolerations"] if toleration not in lost]
        assert {**spec, "tolerations": rest} == PLACED, each["name"]


def test_where_a_part_runs_goes_before_where_all_run(render: Render) -> None:
    own = {"nodeSelector": {"pool": "data"}}
    values = {**PLACED, "redis": own, "hooks": own, "api": {"podTemplate": {"spec": own}}}
    manifests = render(CHART, values)
    assert pod(manifests, "redis")["spec"]["nodeSelector"] == {"pool": "data"}
    assert templates(manifests)["Pod/demo-test"]["spec"]["nodeSelector"] == {"pool": "data"}
    # podTemplate is merged, key by key
    assert component(manifests, "api")["podTemplate"]["spec"]["nodeSelector"] == {"pool": "data"}
    assert pod(manifests, "postgres")["spec"]["nodeSelector"] == {"pool": "tasks"}


def test_hooks_take_what_they_are_told_to(render: Render) -> None:
    wanted = {"requests": {"cpu": "7m", "memory": "7Mi"}, "limits": {"cpu": "70m", "memory": "77Mi"}}
    pods = templates(render(CHART, {"hooks": {"resources": wanted}}))
    for name in ("Job/demo-uninstall", "Pod/demo-test"):
        assert pods[name]["spec"]["containers"][0]["resources"] == wanted, name


def accounts(manifests: list[Manifest]) -> list[tuple[Any, Any]]:
    specs = [pod(manifests, backend)["spec"] for backend in BACKENDS]
    return [(spec.get("serviceAccountName"), spec["automountServiceAccountToken"]) for spec in specs]


def test_backends_run_as_the_service_account_that_is_named(render: Render, stack: list[Manifest]) -> None:
    assert accounts(stack) == [(None, False)] * 4
    made = render(CHART, {"serviceAccount": {"create": True, "automount": True, "annotations": {"role": "backup"}}})
    assert accounts(made) == [("demo-backends", True)] * 4
    account = named(made, "ServiceAccount", "demo-backends")
    assert (account["metadata"]["annotations"], account["automountServiceAccountToken"]) == ({"role": "backup"}, True)
    given = render(CHART, {"serviceAccount": {"name": "given"}})
    assert accounts(given) == [("given", False)] * 4
    assert "given" not in {m["metadata"]["name"] for m in given}


def test_hooks_may_have_an_image_of_their_own(render: Render) -> None:
    """So that a release whose API image can not be pulled can go."""
    broken = {"image": {"tag": "no-such-tag"}}
    own = {"image": {"repository": "mirror/python", "tag": "3.13-slim"}}

    def images(values: Manifest) -> set[str]:
        pods = templates(render(CHART, {"api": broken, **values}))
        return {pods[name]["spec"]["containers"][0]["image"] for name in ("Job/demo-uninstall", "Pod/demo-test")}

    assert images({"hooks": own}) == {"mirror/python:3.13-slim"}
    assert images({}) == {"usecase.local/api:no-such-tag"}


def test_an_uninstall_takes_the_data_only_where_it_is_told_to(render: Render) -> None:
    told = render(CHART, {"uninstall": {"keepData": False}})
    for backend in BACKENDS:
        policy = one(told, "StatefulSet", backend)["spec"]["persistentVolumeClaimRetentionPolicy"]
        assert policy == {"whenDeleted": "Delete", "whenScaled": "Retain"}
    secrets = [m for m in told if m["kind"] == "Secret"]
    assert len(secrets) == 5
    assert not [m["metadata"]["name"] for m in secrets if m["metadata"].get("annotations")]
