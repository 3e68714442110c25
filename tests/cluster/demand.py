"""Add-ons on demand: KEDA scales by queue length, KWOK plays nodes and pods that cost nothing.

Their manifests and images come from their own Go modules, as for the add-ons every cluster has.
"""

import json
import os
from pathlib import Path

from cluster import node_image, pins, registry, workshop
from cluster.golang import Go
from cluster.images import load
from cluster.kind import Kind
from cluster.pins import Program

# Command of the module → image that KEDA publishes, and where its manifests expect the executable.
KEDA_IMAGES = {
    "operator": ("ghcr.io/kedacore/keda", "/keda"),
    "adapter": ("ghcr.io/kedacore/keda-metrics-apiserver", "/keda-adapter"),
    "webhooks": ("ghcr.io/kedacore/keda-admission-webhooks", "/keda-admission-webhooks"),
}
DEPLOYMENT_PATCH = [
    # Made here or pulled by tag: asking a registry at each start would fail where none answers.
    {"op": "replace", "path": "/spec/template/spec/containers/0/imagePullPolicy", "value": "IfNotPresent"},
    # runAsNonRoot stands in the manifests; the user does too only in the published images.
    {"op": "add", "path": "/spec/template/spec/securityContext/runAsUser", "value": 1000},
]


def kwok(kind: Kind, go: Go) -> None:
    """The KWOK controller with its stages for nodes and pods; nodes are annotated `kwok.x-k8s.io/node: fake`."""
    image = f"registry.k8s.io/kwok/kwok:{pins.KWOK.version}"
    load(kind, {"kwok": _image(kind, go, pins.KWOK, "kwok", image, "/kwok")})
    module = go.module(pins.KWOK)
    with kind.progress.step("KWOK on the cluster", "10 s"):
        kind.kubectl("apply", "--server-side", "--force-conflicts", "--kustomize", str(module / "kustomize" / "crd"))
        _chart(kind, "kwok-stages", module / "charts" / "stage-fast", {})
        _chart(kind, "kwok", module / "charts" / "kwok", {"image.tag": pins.KWOK.version})
        # By its name: a selector that finds none is content. Pods of a node that is older than the controller's start
        # were seen to stay Pending.
        controller = ["rollout", "status", "deployment/kwok-controller", "--timeout=120s"]
        kind.kubectl("--namespace", "kube-system", *controller)


def _image(kind: Kind, go: Go, program: Program, command: str, image: str, target: str) -> str:
    if registry.answers():
        kind.progress.run(["docker", "pull", "--quiet", image])
        return image
    return node_image.program_image(kind.progress, go, program, command, image, target)


def _chart(kind: Kind, release: str, chart: Path, values: dict[str, str]) -> None:
    sets = [item for key, value in values.items() for item in ("--set-json", f"{key}={json.dumps(value)}")]
    kind.helm("upgrade", "--install", release, str(chart), "--namespace", "kube-system", *sets)


def keda(kind: Kind, go: Go) -> None:
    """KEDA's operator, metrics adapter and admission webhooks, from its own kustomization."""
    tag = pins.KEDA.version.removeprefix("v")
    load(
        kind,
        {
            command: _image(kind, go, pins.KEDA, command, f"{image}:{tag}", target)
            for command, (image, target) in KEDA_IMAGES.items()
        },
    )
    folder = workshop.folder(kind.settings.cache) / "keda-kustomization"
    folder.mkdir(exist_ok=True)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(go.module(pins.KEDA) / "config" / "default", folder)],
        "images": [{"name": image, "newTag": tag} for image, _ in KEDA_IMAGES.values()],
        "patches": [{"target": {"kind": "Deployment"}, "patch": json.dumps(DEPLOYMENT_PATCH)}],
    }
    (folder / "kustomization.yaml").write_text(json.dumps(kustomization))
    with kind.progress.step("KEDA on the cluster", "30 s"):
        manifest = kind.progress.run([kind.tools.kubectl, "kustomize", folder])
        kind.kubectl("apply", "--server-side", "--force-conflicts", "--filename", "-", stdin=manifest)
        deployments = ["--namespace", "keda", "rollout", "status", "deployment", "--timeout=120s"]
        kind.kubectl(*deployments, timeout=130)
