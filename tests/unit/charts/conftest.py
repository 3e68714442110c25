"""The charts rendered by Helm itself, without a cluster: values in, manifests out."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster import judges, pins, promtool, settings
from unit.charts.rendered import BACKENDS_ALONE, CHART, OPERATOR, Helm, Judge, Manifest, Render

NO_CLUSTER = {"KUBECONFIG": os.devnull}
# The definition alone is 60 kB, and PyYAML's own parser takes half a second for it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.fixture(scope="session")
def helm() -> Path:
    """HELM where it is set, else what `make cluster` built, else Helm on PATH."""
    built = settings.read().cache / "bin" / f"{pins.HELM.name}-{pins.HELM.version}" / "helm"
    candidates = (os.environ.get("HELM"), str(built), "helm")
    found = next((path for path in candidates if path and shutil.which(path)), None)
    if found is None:
        pytest.fail("Helm 4 renders the charts and is not here: run `make cluster`, or name one by HELM=<path>")
    return Path(found)


@pytest.fixture(scope="session")
def run_helm(helm: Path) -> Helm:
    """Helm's output and exit code; no kubeconfig is read."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, **NO_CLUSTER}
        return subprocess.run([str(helm), *arguments], capture_output=True, text=True, check=False, env=env)

    return run


@pytest.fixture(scope="session")
def render(run_helm: Helm) -> Render:
    """`helm template` of a chart as a release in namespace `apps`; a dict of values goes over its defaults."""

    def render(chart: Path, values: Manifest | None = None, release: str = "demo") -> list[Manifest]:
        flags = ["--set-json", json.dumps(values)] if values else []
        done = run_helm("template", release, str(chart), "--namespace", "apps", *flags)
        assert done.returncode == 0, done.stderr
        return [manifest for manifest in yaml.load_all(done.stdout, Loader=LOADER) if manifest]

    return render


@pytest.fixture(scope="session")
def default(render: Render) -> list[Manifest]:
    """The backends of charts/task-management with its own values."""
    return render(CHART, BACKENDS_ALONE)


@pytest.fixture(scope="session")
def stack(render: Render) -> list[Manifest]:
    """The whole of charts/task-management with its own values."""
    return render(CHART)


@pytest.fixture(scope="session")
def operator(render: Render) -> list[Manifest]:
    """charts/usecase-operator with its own values."""
    return render(OPERATOR)


@pytest.fixture(scope="session")
def run_judge() -> Judge:
    """Output and exit code of a program that judges manifests, which it reads from its input."""

    def run(program: pins.Program, manifests: list[Manifest], *words: str) -> subprocess.CompletedProcess[str]:
        named = os.environ.get(program.name.upper().replace("-", "_"))
        found = shutil.which(named or judges.place(settings.read().cache, program))
        if found is None:
            pytest.fail(f"{program.name} judges manifests and is not here: run `make unit`")
        text = yaml.safe_dump_all(manifests)
        return subprocess.run([found, *words], input=text, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="session")
def run_promtool() -> Helm:
    """promtool's output and exit code."""
    candidates = (os.environ.get("PROMTOOL"), str(promtool.place(settings.read().cache)), "promtool")
    found = next((path for path in candidates if path and shutil.which(path)), None)
    if found is None:
        pytest.fail("promtool checks the alerts and is not here: run `make unit`, or name one by PROMTOOL=<path>")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([found, *arguments], capture_output=True, text=True, check=False)

    return run
