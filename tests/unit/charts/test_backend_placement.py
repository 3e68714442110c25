"""Values that reach every pod of the backends: images, resources, storage, where they run."""

import pytest

from unit.charts.rendered import BACKENDS, BACKENDS_ALONE, CHART, Manifest, Render, containers, everywhere, one, pod

TOLERATION = {"key": "dedicated", "operator": "Equal", "value": "data", "effect": "NoSchedule"}
SPREAD = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
AFFINITY: Manifest = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"imagePullSecrets": [{"name": "mirror"}]}, "imagePullSecrets", [{"name": "mirror"}]),
        (everywhere({"nodeSelector": {"disk": "fast"}}), "nodeSelector", {"disk": "fast"}),
        (everywhere({"tolerations": [TOLERATION]}), "tolerations", [TOLERATION]),
        (everywhere({"affinity": AFFINITY}), "affinity", AFFINITY),
        (everywhere({"topologySpreadConstraints": [SPREAD]}), "topologySpreadConstraints", [SPREAD]),
        (everywhere({"priorityClassName": "high"}), "priorityClassName", "high"),
    ],
    ids=["imagePullSecrets", "nodeSelector", "tolerations", "affinity", "spread", "priorityClassName"],
)
def test_placement_reaches_every_pod(render: Render, values: Manifest, field: str, expected: object) -> None:
    manifests = render(CHART, values)
    assert [pod(manifests, backend)["spec"].get(field) for backend in BACKENDS] == [expected] * len(BACKENDS)


def test_resources_reach_every_container(render: Render) -> None:
    wanted = {"requests": {"cpu": "7m", "memory": "7Mi"}, "limits": {"memory": "777Mi"}}
    manifests = render(CHART, everywhere({"resources": wanted}))
    seen = [container["resources"] for backend in BACKENDS for container in containers(pod(manifests, backend))]
    assert seen == [wanted] * 5


def test_further_volumes_are_seen_by_every_container(render: Render) -> None:
    volume, mount = {"name": "ca", "configMap": {"name": "ca"}}, {"name": "ca", "mountPath": "/ca", "readOnly": True}
    manifests = render(CHART, everywhere({"extraVolumes": [volume], "extraVolumeMounts": [mount]}))
    templates = [pod(manifests, backend) for backend in BACKENDS]
    assert [template["spec"]["volumes"][-1] for template in templates] == [volume] * 4
    assert [container["volumeMounts"][-1] for each in templates for container in containers(each)] == [mount] * 5


def test_further_plugins_of_rabbitmq_are_enabled_and_restart_it(render: Render, default: list[Manifest]) -> None:
    values = {"rabbitmq": {"extraPlugins": ["rabbitmq_shovel", "rabbitmq_shovel_management"]}}
    manifests = render(CHART, {**BACKENDS_ALONE, **values})
    enabled = [one(each, "ConfigMap", "rabbitmq")["data"]["enabled_plugins"].strip() for each in (default, manifests)]
    assert enabled == ["[rabbitmq_management].", "[rabbitmq_management,rabbitmq_shovel,rabbitmq_shovel_management]."]
    configurations = [pod(each, "rabbitmq")["metadata"]["annotations"] for each in (default, manifests)]
    assert configurations[0] != configurations[1]


def test_storage_reaches_every_volume(render: Render) -> None:
    manifests = render(CHART, everywhere({"storage": {"size": "7Gi", "className": "fast"}}))
    for backend in BACKENDS:
        claim = one(manifests, "StatefulSet", backend)["spec"]["volumeClaimTemplates"][0]["spec"]
        assert claim["resources"]["requests"]["storage"] == "7Gi"
        assert claim["storageClassName"] == "fast"


def test_an_unnamed_storage_class_is_the_clusters_default(default: list[Manifest]) -> None:
    claims = [one(default, "StatefulSet", b)["spec"]["volumeClaimTemplates"][0]["spec"] for b in BACKENDS]
    assert not [claim for claim in claims if "storageClassName" in claim]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["rabbitmq:4-management", "postgres:17", "mongo:8", "redis:8"]),
        (
            {"global": {"imageRegistry": "mirror.example.com/hub/"}},
            [f"mirror.example.com/hub/{i}" for i in ("rabbitmq:4-management", "postgres:17", "mongo:8", "redis:8")],
        ),
        (everywhere({"image": {"repository": "own/image", "tag": "0123"}}), ["own/image:0123"] * 4),
        (everywhere({"image": {"digest": f"sha256:{'a' * 64}"}}), [f"{r}@sha256:{'a' * 64}" for r in
         ("rabbitmq", "postgres", "mongo", "redis")]),
    ],
    ids=["defaults", "registry", "own", "digest before tag"],
)  # fmt: skip
def test_images(render: Render, values: Manifest, expected: list[str]) -> None:
    manifests = render(CHART, values)
    for backend, image in zip(BACKENDS, expected, strict=True):
        assert {container["image"] for container in containers(pod(manifests, backend))} == {image}
