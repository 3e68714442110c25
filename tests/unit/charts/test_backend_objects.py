"""Which objects charts/task-management makes for its backends, and by what labels they find each other."""

import shutil
from pathlib import Path

import pytest

from unit.charts.rendered import BACKENDS, BACKENDS_ALONE, CHART, KINDS, Manifest, Render, named, one, pod


def test_each_backend_is_six_objects_named_after_the_release(default: list[Manifest]) -> None:
    made = sorted((m["kind"], m["metadata"]["name"], m["metadata"]["namespace"]) for m in default)
    of_pods = [("Service", f"demo-{backend}-pods", "apps") for backend in BACKENDS]
    assert made == sorted([(kind, f"demo-{backend}", "apps") for kind in KINDS for backend in BACKENDS] + of_pods)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_switched_off_leaves_nothing(render: Render, backend: str) -> None:
    manifests = render(CHART, {**BACKENDS_ALONE, backend: {"enabled": False}})
    assert len(manifests) == (len(KINDS) + 1) * (len(BACKENDS) - 1)
    assert not [m for m in manifests if m["metadata"]["name"].startswith(f"demo-{backend}")]


def test_a_use_case_leaves_the_backends_as_they_are(default: list[Manifest], stack: list[Manifest]) -> None:
    of_backends = [m for m in default if m["kind"] != "Secret"]  # those have new passwords each time
    assert len(of_backends) == 5 * len(BACKENDS)
    assert all(m in stack for m in of_backends)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_selector_finds_the_pod(default: list[Manifest], backend: str) -> None:
    labels = pod(default, backend)["metadata"]["labels"].items()
    assert one(default, "StatefulSet", backend)["spec"]["selector"]["matchLabels"].items() <= labels
    assert one(default, "Service", backend)["spec"]["selector"].items() <= labels
    assert one(default, "Service", f"{backend}-pods")["spec"]["selector"].items() <= labels
    assert one(default, "NetworkPolicy", backend)["spec"]["podSelector"]["matchLabels"].items() <= labels


@pytest.mark.parametrize("backend", BACKENDS)
def test_pods_get_their_names_by_a_service_without_an_address(default: list[Manifest], backend: str) -> None:
    name = one(default, "StatefulSet", backend)["spec"]["serviceName"]
    assert named(default, "Service", name)["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in one(default, "Service", backend)["spec"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_cannot_be_changed_does_not_follow_labels_or_versions(
    render: Render, default: list[Manifest], tmp_path: Path, backend: str
) -> None:
    newer = tmp_path / "chart"
    shutil.copytree(CHART, newer)
    definition = newer / "Chart.yaml"
    definition.write_text(definition.read_text().replace("ersion: 0.1.0", "ersion: 9.9.9"))
    before = one(default, "StatefulSet", backend)
    after = one(render(newer, {"commonLabels": {"team": "tasks"}}), "StatefulSet", backend)
    assert after["metadata"]["labels"]["helm.sh/chart"] == "task-management-9.9.9"
    for field in ("selector", "serviceName", "volumeClaimTemplates"):
        assert after["spec"][field] == before["spec"][field]
    assert one(render(newer), "StatefulSet", backend)["spec"] == before["spec"], "a new chart version restarts nothing"


def test_common_labels_are_on_every_object_and_pod(render: Render) -> None:
    manifests = render(CHART, {"commonLabels": {"team": "tasks"}})
    assert all(manifest["metadata"]["labels"]["team"] == "tasks" for manifest in manifests)
    assert all(pod(manifests, backend)["metadata"]["labels"]["team"] == "tasks" for backend in BACKENDS)
