"""kind, kubectl and helm: the user's own where recent enough, else built at the pinned versions."""

import re
import shutil
from pathlib import Path

from cluster import pins
from cluster.golang import Go, version_of
from cluster.kind import Tools


def ensure(go: Go, kubernetes_version: str, *, home_made: bool) -> Tools:
    """Executables that fit. kind must know the node image's contract, Helm must wait by kstatus (4), kubectl may
    differ from the cluster by one minor release (Kubernetes version skew policy)."""
    minor = int(kubernetes_version.split(".")[1])
    executable = kind(go)
    kubectl = _on_path("kubectl", "version", "--client", at_least=(1, minor - 1))
    if kubectl is None:
        source = pins.kubernetes(kubernetes_version) if home_made else pins.kubectl(kubernetes_version)
        kubectl = go.programs(source)["kubectl"]
    return Tools(kind=executable, kubectl=kubectl, helm=helm(go))


def kind(go: Go) -> Path:
    """All that deleting a cluster needs."""
    return _on_path("kind", "version", at_least=(0, 30)) or go.programs(pins.KIND)["kind"]


def helm(go: Go) -> Path:
    """Helm 4 or newer."""
    return _on_path("helm", "version", "--short", at_least=(4, 0)) or go.programs(pins.HELM)["helm"]


def _on_path(name: str, *version: str, at_least: tuple[int, int]) -> Path | None:
    path = shutil.which(name)
    found = re.search(r"v(\d+)\.(\d+)\.\d+", version_of(path, *version)) if path else None
    if path is None or found is None or (int(found[1]), int(found[2])) < at_least:
        return None
    return Path(path)
