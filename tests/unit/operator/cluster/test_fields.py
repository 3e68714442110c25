"""Field ownership: the same answer for every way the server writes a value, and the name of who took a field."""

from typing import Any

import pytest

from usecase_operator.cluster.fields import changed_by, lost, owned, packed, unpacked

MANIFEST: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "x", "namespace": "n", "labels": {"app.kubernetes.io/name": "x"}},
    "spec": {
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "i",
                        "env": [{"name": "A", "value": "1"}],
                        "ports": [{"containerPort": 80}],
                        "resources": {"limits": {"cpu": 0.5}},
                    }
                ],
                "tolerations": [{"key": "k"}],
                "volumes": [],
            }
        }
    },
}
CONTAINER: dict[str, Any] = {
    ".": {},
    "f:name": {},
    "f:image": {},
    "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
    "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}},
    "f:resources": {"f:limits": {"f:cpu": {}}},
}


def fields(container: dict[str, Any] = CONTAINER, **pod: Any) -> dict[str, Any]:
    spec = {"f:containers": {'k:{"name":"main"}': container}, "f:tolerations": {}, "f:volumes": {}, **pod}
    return {
        "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}},
        "f:spec": {"f:template": {"f:spec": spec}},
    }


def without(*path: str) -> dict[str, Any]:
    """The container's fields less one."""

    def copy(value: dict[str, Any], rest: tuple[str, ...]) -> dict[str, Any]:
        if len(rest) == 1:
            return {key: each for key, each in value.items() if key != rest[0]}
        return {key: copy(each, rest[1:]) if key == rest[0] else each for key, each in value.items()}

    return copy(CONTAINER, path)


def test_an_empty_list_that_somebody_filled_is_lost() -> None:
    found = fields()
    del found["f:spec"]["f:template"]["f:spec"]["f:volumes"]
    assert lost(MANIFEST, found) == [("spec", "template", "spec", "volumes")]


def test_what_is_wholly_ours_has_lost_nothing() -> None:
    assert lost(MANIFEST, fields()) == []


@pytest.mark.parametrize(
    ("found", "path"),
    [
        pytest.param(without("f:image"), ("image",), id="value changed"),
        pytest.param(without("f:env"), ("env",), id="whole list taken"),
        pytest.param(without("f:env", 'k:{"name":"A"}', "f:value"), ("env", "A", "value"), id="field of an item"),
        pytest.param(without("f:resources"), ("resources",), id="map emptied"),
        pytest.param(without("f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'), (), id="an atomic leaf is whole"),
    ],
)
def test_a_field_that_somebody_took_is_named(found: dict[str, Any], path: tuple[str, ...]) -> None:
    in_container = ("spec", "template", "spec", "containers", "main")
    assert lost(MANIFEST, fields(found)) == ([(*in_container, *path)] if path else [])


def test_without_an_apply_of_ours_everything_is_lost() -> None:
    assert lost(MANIFEST, None) == [()]


def test_a_label_with_dots_and_slashes_is_one_step_of_the_path() -> None:
    stolen = {**fields(), "f:metadata": {"f:labels": {"f:other": {}}}}
    paths = lost(MANIFEST, stolen)
    assert paths == [("metadata", "labels", "app.kubernetes.io/name")]
    thief = {
        "manager": "kubectl-label",
        "operation": "Update",
        "fieldsV1": {"f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}}},
    }
    bystander = {"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {}}}
    assert changed_by(paths, {"metadata": {"managedFields": [thief, bystander]}}) == ["kubectl-label"]


def test_only_our_apply_counts_as_ours() -> None:
    entries = [
        {"manager": "usecase-operator", "operation": "Update", "fieldsV1": {"f:spec": {}}},
        {"manager": "usecase-operator", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {}}},
        {"manager": "usecase-operator", "operation": "Apply", "fieldsV1": {"f:metadata": {}}},
    ]
    assert owned({"metadata": {"managedFields": entries}}) == {"f:metadata": {}}
    assert owned({"metadata": {}}) is None


def test_packing_keeps_everything() -> None:
    assert unpacked(packed(fields())) == fields()
    assert unpacked(packed(None)) is None
