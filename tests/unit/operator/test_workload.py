"""What Deployments, pods and autoscalers say of themselves."""

from dataclasses import replace
from typing import Any

import pytest

from usecase_operator.metadata import REVISION
from usecase_operator.workload import (
    Trouble,
    Workload,
    autoscaler_trouble,
    gravest,
    pod_trouble,
    scaled_object_trouble,
    workload,
)


def deployment(conditions: list[dict[str, Any]] | None = None, observed: int = 2) -> dict[str, Any]:
    return {
        "metadata": {"generation": 2, "annotations": {REVISION: "abc"}},
        "spec": {"replicas": 3},
        "status": {
            "observedGeneration": observed,
            "replicas": 4,
            "updatedReplicas": 2,
            "readyReplicas": 1,
            "conditions": conditions or [],
        },
    }


def test_a_deployment_is_digested_to_its_numbers() -> None:
    assert workload(deployment()) == Workload("abc", True, 3, 4, 2, 1, overdue=False, refused=None)


def test_a_deployment_nobody_has_looked_at_is_not_settled() -> None:
    assert not workload(deployment(observed=1)).settled
    assert workload({"metadata": {"generation": 1}, "spec": {"replicas": 0}}) == Workload(
        None, False, 0, 0, 0, 0, overdue=False, refused=None
    )


def test_another_number_makes_no_template_new() -> None:
    before = workload(deployment())
    assert workload(deployment(observed=1), before).settled
    assert not workload(deployment(observed=1), replace(before, revision="another")).settled
    assert not workload(deployment(observed=1), replace(before, settled=False)).settled
    assert not workload(deployment(observed=1), replace(before, desired=0)).settled, "its pods may be those that end"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('pods "api" is forbidden: exceeded quota: small, requested: pods=1', "QuotaExceeded"),
        ('pods "api" is forbidden: violates PodSecurity "restricted:latest"', "PodForbidden"),
    ],
)
def test_pods_that_are_refused_are_told_by_their_deployment(message: str, reason: str) -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}

    assert workload(deployment([failure])).refused == Trouble(reason, message)


def test_a_rollout_past_its_deadline_is_overdue() -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}

    assert workload(deployment([late])).overdue


def pod(**container: Any) -> dict[str, Any]:
    return {"metadata": {}, "status": {"containerStatuses": [{"name": "main", "ready": False, **container}]}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": message}}}


CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", "message": "cannot authenticate to mongodb\n"}}
KILLED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
RUNS = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
PULL = 'Back-off pulling image "x:1": ErrImagePull: x:1: not found'


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        pytest.param(pod(state=RUNS), None, id="running"),
        pytest.param(pod(**waiting("ContainerCreating")), None, id="starting"),
        pytest.param(
            pod(**waiting("CrashLoopBackOff", "back-off 10s"), lastState=CRASHED),
            Trouble("CrashLoopBackOff", "exit 1: cannot authenticate to mongodb"),
            id="crash-loop",
        ),
        pytest.param(
            pod(state=RUNS, lastState=CRASHED),
            Trouble("CrashLoopBackOff", "exit 1: cannot authenticate to mongodb"),
            id="between-two-crashes",
        ),
        pytest.param(pod(state=RUNS, lastState=CRASHED, ready=True), None, id="recovered"),
        pytest.param(pod(state=KILLED), Trouble("OOMKilled", "exit 137, OOMKilled"), id="out-of-memory"),
        pytest.param(
            pod(**waiting("ErrImagePull", "x:1: not found")),
            Trouble("ImagePullBackOff", "x:1: not found"),
            id="pull-error",
        ),
        pytest.param(
            pod(**waiting("ImagePullBackOff", PULL)), Trouble("ImagePullBackOff", "x:1: not found"), id="pull-back-off"
        ),
        pytest.param(
            pod(**waiting("CreateContainerConfigError", 'secret "pg" not found')),
            Trouble("SecretNotFound", 'secret "pg" not found'),
            id="missing-secret",
        ),
        pytest.param(
            pod(**waiting("CreateContainerConfigError", "couldn't find key uri in Secret prod/pg")),
            Trouble("SecretKeyMissing", "couldn't find key uri in Secret prod/pg"),
            id="missing-key",
        ),
        pytest.param(
            pod(**waiting("InvalidImageName", "couldn't parse")),
            Trouble("InvalidImageName", "couldn't parse"),
            id="image-name",
        ),
        pytest.param(pod(**waiting("", "?")), Trouble("NotReady", "?"), id="no-reason"),
        pytest.param(
            {
                "metadata": {},
                "status": {
                    "conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes: no memory"}]
                },
            },
            Trouble("Unschedulable", "0/3 nodes: no memory"),
            id="unschedulable",
        ),
        pytest.param(
            {"metadata": {}, "status": {"phase": "Failed", "reason": "Evicted", "message": "disk"}},
            Trouble("Evicted", "disk", ended=True),
            id="evicted",
        ),
        pytest.param(
            {"metadata": {"deletionTimestamp": "now"}, "status": {"containerStatuses": [{"state": KILLED}]}},
            None,
            id="ending-anyway",
        ),
        pytest.param({"metadata": {}}, None, id="no-status-yet"),
    ],
)
def test_the_pods_own_reason_is_told(seen: dict[str, Any], trouble: Trouble | None) -> None:
    assert pod_trouble(seen) == trouble


def test_init_containers_count() -> None:
    seen = {"metadata": {}, "status": {"initContainerStatuses": [{"name": "prepare", "state": CRASHED}]}}

    assert pod_trouble(seen) == Trouble("Error", "exit 1: cannot authenticate to mongodb")


def test_last_words_are_kept_short() -> None:
    ended = {"terminated": {"exitCode": 1, "message": "x" * 5000}}
    found = pod_trouble(pod(state=ended))

    assert found is not None
    assert len(found.message) < 600


def test_the_trouble_nearest_to_the_cause_is_told() -> None:
    crash, pull, missing = (Trouble(r, "") for r in ("CrashLoopBackOff", "ImagePullBackOff", "SecretNotFound"))

    assert gravest([crash, pull, missing]) == missing
    assert gravest([crash, Trouble("Zebra", "")]) == crash
    assert gravest([]) is None


def autoscaler(kind: str, status: str, reason: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": status, "reason": reason, "message": "because"}]}}


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        pytest.param(autoscaler("ScalingActive", "True", "ValidMetricFound"), None, id="works"),
        pytest.param(
            autoscaler("ScalingActive", "False", "FailedGetResourceMetric"),
            Trouble("MetricsUnavailable", "because"),
            id="no-metrics",
        ),
        pytest.param(
            autoscaler("ScalingActive", "False", "ScalingDisabled"), Trouble("ScaledToZero", "because"), id="zero"
        ),
        pytest.param({}, None, id="new"),
    ],
)
def test_an_autoscaler_says_why_it_rests(seen: dict[str, Any], trouble: Trouble | None) -> None:
    assert autoscaler_trouble(seen) == trouble


def test_keda_says_why_it_rests() -> None:
    broken = autoscaler("Ready", "False", "ScaledObjectCheckFailed")

    assert scaled_object_trouble(broken) == Trouble("MetricsUnavailable", "because")
    assert scaled_object_trouble(autoscaler("Ready", "True", "ScaledObjectReady")) is None
