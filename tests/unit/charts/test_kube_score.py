"""kube-score finds nothing critical in what both charts and the examples become, but for what is meant to be so."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest
import yaml

from cluster import pins, settings
from goldens import FOLDER
from unit.charts.rendered import CHART, OPERATOR, Judge, Manifest, Render

CRITICAL = 1
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
Finding = tuple[str, str]
"""A check of kube-score, and the object it objects to, as `Kind/name`."""

# (check, objects) → why it is so. CPU limits are not asked for at all: they slow down whoever finds an idle CPU.
MEANT: dict[Finding, str] = {
    ("container-image-pull-policy", "*"): "tags name their content or a release; a start must not need a registry",
    ("container-ephemeral-storage-request-and-limit", "*"): "root file systems are read-only: pods write to volumes",
    ("container-resources", "Deployment/hello-web"): "the smallest example says nothing of resources",
    ("container-resources", "Deployment/orders-*"): "the example of backends says nothing of resources",
    ("container-resources", "Deployment/thumbnails-resize"): "the example of a queue says nothing of them here",
    ("container-security-context-user-group-id", "StatefulSet/*"): "999 owns the volumes of the official images",
    ("container-security-context-user-group-id", "Deployment/*"): "anybody's image runs as the user it names, but root",
    ("pod-networkpolicy", "Job/*"): "a hook listens on no port",
    ("pod-networkpolicy", "Pod/demo-test"): "a test listens on no port",
    ("networkpolicy-targets-pod", "NetworkPolicy/demo-test"): "its pods are the operator's work",
    ("networkpolicy-targets-pod", "NetworkPolicy/demo-bot-demo"): "its pods are the operator's work",
    ("pod-probes-identical", "StatefulSet/demo-mongodb"): "without a login it can be asked for its port only",
    ("pod-probes-identical", "Deployment/demo-bot-api"): "its port is all it has; it waits for nobody",
    ("pod-probes-identical", "Deployment/orders-*"): "other people's images have one port or one command to ask",
    ("deployment-has-poddisruptionbudget", "Deployment/task-management-bot"): "one poller: a budget would stop drains",
}


@pytest.fixture(scope="module")
def findings(render: Render, run_judge: Judge) -> dict[str, set[Finding]]:
    """What is critical, by the name of the whole it is in."""
    minor = settings.read().kubernetes_version.rsplit(".", 1)[0]

    def critical(manifests: list[Manifest]) -> Iterator[Finding]:
        words = ("score", "--output-format", "json", "--ignore-container-cpu-limit", "--kubernetes-version", minor, "-")
        for judged in json.loads(run_judge(pins.KUBE_SCORE, manifests, *words).stdout):
            kind, *_, name = judged["object_name"].split("/")
            for check in judged["checks"]:
                if check["grade"] == CRITICAL and not check["skipped"]:
                    yield check["check"]["id"], f"{kind}/{name}"

    wholes = {"the stack": render(CHART), "the operator": render(OPERATOR, {"crds": {"install": False}})}
    for example in EXAMPLES:
        wholes[example] = list(yaml.safe_load_all((FOLDER / f"{example}.yaml").read_text()))
    return {whole: set(critical(manifests)) for whole, manifests in wholes.items()}


def meant(finding: Finding) -> Iterator[Finding]:
    check, of = finding
    return ((known, objects) for known, objects in MEANT if known == check and fnmatchcase(of, objects))


@pytest.mark.parametrize("whole", ["the stack", "the operator", *EXAMPLES])
def test_nothing_is_critical_that_is_not_meant_to_be_so(findings: dict[str, set[Finding]], whole: str) -> None:
    assert findings[whole], "kube-score has looked at nothing"
    unmeant = sorted(each for each in findings[whole] if not any(meant(each)))
    assert unmeant == []


def test_each_exception_is_needed_and_explained(findings: dict[str, set[Finding]]) -> None:
    used = {exception for found in findings.values() for each in found for exception in meant(each)}
    assert set(MEANT) - used == set()
    assert all(len(reason) > 20 for reason in MEANT.values())
