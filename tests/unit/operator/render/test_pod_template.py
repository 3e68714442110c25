"""`podTemplate` merged over what the kind gives."""

from typing import Any

import pytest

from usecase_operator import reasons
from usecase_operator.errors import Stuck
from usecase_operator.render import Given
from usecase_operator.render.pod import pod_template
from usecases import component, make_usecase

SAID = {"env": [{"name": "LEVEL", "value": "INFO"}]}


def merged(template: dict[str, Any]) -> dict[str, Any]:
    usecase = make_usecase(component("api", podTemplate=template, **SAID))
    return pod_template(usecase, usecase.spec.components[0], Given())


def main(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "main", **fields}]}}


def container(template: dict[str, Any], name: str = "main") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in template["spec"]["containers"] if each["name"] == name)
    return found


def test_nothing_said_changes_nothing() -> None:
    assert merged({}) == merged({"spec": {}})


def test_fields_are_added_and_maps_merge() -> None:
    found = merged({"spec": {"priorityClassName": "high", "securityContext": {"fsGroup": 7}}})

    assert found["spec"]["priorityClassName"] == "high"
    assert found["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "fsGroup": 7,
    }


def test_the_container_is_found_by_its_name() -> None:
    found = merged(main(resources={"limits": {"memory": "1Gi"}}))

    assert container(found)["resources"] == {"limits": {"memory": "1Gi"}}
    assert container(found)["image"] == "registry.test/api:1"


def test_a_sidecar_stands_beside_it() -> None:
    found = merged({"spec": {"containers": [{"name": "proxy", "image": "p:1"}]}})

    assert [each["name"] for each in found["spec"]["containers"]] == ["main", "proxy"]


def test_an_env_entry_is_replaced_whole() -> None:
    secret = {"name": "LEVEL", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    found = container(merged(main(env=[secret, {"name": "NEW", "value": "1"}])))["env"]

    assert [each for each in found if each["name"] in ("LEVEL", "NEW")] == [secret, {"name": "NEW", "value": "1"}]


def test_a_volume_of_a_known_name_is_replaced_whole() -> None:
    claim = {"name": "tmp", "persistentVolumeClaim": {"claimName": "scratch"}}

    assert merged({"spec": {"volumes": [claim]}})["spec"]["volumes"] == [claim]


def test_mounts_merge_by_their_path() -> None:
    found = container(
        merged(main(volumeMounts=[{"mountPath": "/tmp", "name": "big"}, {"mountPath": "/x", "name": "x"}]))
    )

    assert found["volumeMounts"] == [{"mountPath": "/tmp", "name": "big"}, {"mountPath": "/x", "name": "x"}]


def test_ports_merge_by_number_and_protocol() -> None:
    found = container(
        merged(main(ports=[{"containerPort": 8000, "name": "web"}, {"containerPort": 53, "protocol": "UDP"}]))
    )

    assert [(each.get("name"), each["containerPort"]) for each in found["ports"]] == [
        ("web", 8000),
        ("ops", 9090),
        (None, 53),
    ]


def test_other_lists_are_replaced() -> None:
    found = merged({"spec": {"tolerations": [{"operator": "Exists"}]}})

    assert found["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_null_removes() -> None:
    found = merged(main(livenessProbe=None))

    assert "livenessProbe" not in container(found)
    assert "readinessProbe" in container(found)


def test_labels_and_annotations_are_added() -> None:
    found = merged({"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}})

    assert found["metadata"]["labels"]["team"] == "a"
    assert found["metadata"]["labels"]["app.kubernetes.io/instance"] == "shop"
    assert found["metadata"]["annotations"]["note"] == "b"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        pytest.param(main(env=[{"name": "A"}, {"name": "A"}]), r"\.env: name A stands here twice", id="env-twice"),
        pytest.param(
            main(ports=[{"containerPort": 1}, {"containerPort": 1, "protocol": "TCP"}]),
            r"containerPort 1, protocol TCP stands here twice",
            id="port-twice",
        ),
        pytest.param(main(ports=[{"containerPort": 81, "name": "http"}]), r"two ports are called http", id="port-name"),
        pytest.param(
            {"spec": {"containers": [{"image": "x"}]}}, r"spec\.containers: each item needs name", id="no-name"
        ),
        pytest.param({"spec": {"containers": [7]}}, r"each item needs name", id="no-object"),
        pytest.param({"spec": {"volumes": [{"name": ["x"]}]}}, r"each item needs name", id="name-is-a-list"),
        pytest.param({"spec": {"containers": {"name": "main"}}}, r"a list is expected here", id="no-list"),
        pytest.param({"spec": "x"}, r"podTemplate\.spec: an object is expected here", id="no-map"),
        pytest.param(
            {"metadata": {"labels": {"app.kubernetes.io/component": "other"}}},
            r"finds its pods by this label",
            id="label",
        ),
        pytest.param({"metadata": None}, r"finds its pods by this label", id="no-metadata"),
    ],
)
def test_what_could_never_be_applied_is_refused_in_words(template: dict[str, Any], said: str) -> None:
    with pytest.raises(Stuck, match=said) as raised:
        merged(template)
    assert raised.value.reason == reasons.POD_TEMPLATE_CONFLICT
    assert raised.value.message.startswith("component api, podTemplate")


def test_the_spec_is_not_changed_by_merging() -> None:
    usecase = make_usecase(component("api", podTemplate=main(env=[{"name": "X", "value": "1"}])))
    first = pod_template(usecase, usecase.spec.components[0], Given())

    assert pod_template(usecase, usecase.spec.components[0], Given()) == first
