"""kube-score and kubeconform, which judge what charts and operator render, and the modules that define its kinds.

Kubernetes publishes its OpenAPI in its own module, KEDA and the Prometheus operator the definitions of their kinds in
theirs. `make unit` fetches all of it; the tests only read.
"""

from collections.abc import Iterator
from pathlib import Path

from cluster import pins
from cluster.golang import Go
from cluster.pins import Program

# Module → folder, group and kinds of it that charts or operator know.
DEFINITIONS = {
    pins.KEDA: ("config/crd/bases", "keda.sh", ("scaledobjects", "triggerauthentications")),
    pins.PROMETHEUS_OPERATOR: (
        "example/prometheus-operator-crd",
        "monitoring.coreos.com",
        ("podmonitors", "prometheusrules", "servicemonitors"),
    ),
}


def ensure(go: Go, kubernetes_version: str) -> None:
    """Build and fetch what is not there."""
    for program in (pins.KUBE_SCORE, pins.KUBECONFORM):
        go.programs(program)
    for program in (pins.kubernetes(kubernetes_version), pins.KEDA, pins.PROMETHEUS_OPERATOR):
        if not _module(go.cache, program).is_dir():
            with go.progress.step(f"fetch the definitions of {program.name} {program.version}", "10 s"):
                go.module(program)


def place(cache: Path, program: Program) -> Path:
    """Where the executable is kept."""
    return cache / "bin" / f"{program.name}-{program.version}" / program.name


def openapi(cache: Path, kubernetes_version: str) -> Iterator[Path]:
    """One file for each group and version of Kubernetes' own kinds."""
    kubernetes = _module(cache, pins.kubernetes(kubernetes_version))
    return kubernetes.glob("api/openapi-spec/v3/api*__v*_openapi.json")


def definitions(cache: Path) -> Iterator[Path]:
    """The CustomResourceDefinitions of add-ons, a file each."""
    for program, (folder, group, plurals) in DEFINITIONS.items():
        yield from (_module(cache, program) / folder / f"{group}_{plural}.yaml" for plural in plurals)


def _module(cache: Path, program: Program) -> Path:
    """As Go unpacks it into its cache."""
    return cache / "gomod" / f"{program.module}@{program.version}"
