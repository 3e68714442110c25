"""What a Deployment, its pods and its autoscaler say of themselves, digested to what a status needs.

The adapter digests each object when it arrives and keeps only this: 25 children of 1,000 use cases have to fit.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from usecase_operator import reasons
from usecase_operator.metadata import REVISION

Object = Mapping[str, Any]

# A container that has not started yet, for no reason but time.
STARTING = frozenset({"ContainerCreating", "PodInitializing"})
MESSAGE_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something does not work: *reason* in the words of Kubernetes, *message* for a person. *ended*: so a pod has
    ended that is over, and in whose place others have come.
    """

    reason: str
    message: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment. *revision*: hash of the pod template that was applied last. *settled*: its controller has seen
    that template. *overdue*: the roll-out passed its deadline. *refused*: why pods could not be made.
    """

    revision: str | None
    settled: bool
    desired: int
    total: int
    updated: int
    ready: int
    overdue: bool
    refused: Trouble | None


def workload(deployment: Object, before: Workload | None = None) -> Workload:
    """*before*: what the same Deployment said last. Where only its number changed since, the template is no news; but
    pods that a number from zero on finds are those that end.
    """
    metadata, spec, status = deployment["metadata"], deployment.get("spec", {}), deployment.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    failure = conditions.get("ReplicaFailure", {})
    progress = conditions.get("Progressing", {})
    revision = metadata.get("annotations", {}).get(REVISION)
    desired, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    known = (
        before is not None
        and before.settled
        and before.revision == revision
        and not (before.desired == 0 < desired and ready > 0)
    )
    return Workload(
        revision=revision,
        settled=known or status.get("observedGeneration", 0) >= metadata.get("generation", 0),
        desired=desired,
        total=status.get("replicas", 0),
        updated=status.get("updatedReplicas", 0),
        ready=ready,
        overdue=progress.get("status") == "False" and progress.get("reason") == reasons.PROGRESS_DEADLINE_EXCEEDED,
        refused=_refusal(failure.get("message", "")) if failure.get("status") == "True" else None,
    )


def _refusal(message: str) -> Trouble:
    """Pods that admission refuses never come to be: only their ReplicaSet knows why."""
    reason = reasons.QUOTA_EXCEEDED if "exceeded quota" in message else reasons.POD_FORBIDDEN
    return Trouble(reason, _short(message))


def pod_trouble(pod: Object) -> Trouble | None:
    """What keeps *pod* from working; None if nothing does, or if it ends anyway."""
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp"):
        return None
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return Trouble(reasons.UNSCHEDULABLE, _short(condition.get("message", "no node takes the pod")))
    if status.get("phase") == "Failed" and status.get("reason"):
        return Trouble(_word(status["reason"]), _short(status.get("message", "")), ended=True)
    containers = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    return next((trouble for each in containers if (trouble := _container_trouble(each))), None)


def _container_trouble(container: Object) -> Trouble | None:
    state, last = container.get("state", {}), container.get("lastState", {}).get("terminated")
    waiting, ended = state.get("waiting"), state.get("terminated")
    if ended and ended.get("exitCode", 0) != 0:
        return Trouble(_word(ended.get("reason", "Error")), _exit(ended))
    if waiting:
        return _waiting_trouble(waiting, last)
    if last and last.get("exitCode", 0) != 0 and not container.get("ready"):
        # Between two crashes it runs for a moment: to say "on its way" each time would only flicker.
        return Trouble(reasons.CRASH_LOOP_BACK_OFF, _exit(last))
    return None


def _waiting_trouble(waiting: Object, last: Object | None) -> Trouble | None:
    reason, message = _word(waiting.get("reason", "")), waiting.get("message", "")
    if reason in STARTING:
        return None
    if reason == reasons.CRASH_LOOP_BACK_OFF and last:
        return Trouble(reason, _exit(last))
    if reason in (reasons.IMAGE_PULL_BACK_OFF, "ErrImagePull"):
        # The kubelet says both by turns, the cause in the words after the last "ErrImagePull: ".
        return Trouble(reasons.IMAGE_PULL_BACK_OFF, _short(message.rpartition("ErrImagePull: ")[2]))
    return Trouble(_missing(message) or reason, _short(message))


def _missing(message: str) -> str | None:
    """The kubelet tells a missing Secret in words only."""
    if re.search(r"secret .* not found", message):
        return reasons.SECRET_NOT_FOUND
    return reasons.SECRET_KEY_MISSING if re.search(r"find key .* in Secret", message) else None


def _exit(ended: Object) -> str:
    """`exit 137, OOMKilled: …last words`; a signal's number is in the code."""
    said = "" if ended.get("reason") in (None, "Error", "Completed") else f", {ended['reason']}"
    words = _short(ended.get("message", "").strip())
    return f"exit {ended.get('exitCode')}{said}{': ' if words else ''}{words}"


def autoscaler_trouble(autoscaler: Object) -> Trouble | None:
    """What keeps a HorizontalPodAutoscaler from working. *autoscaler*: as the API server returns it."""
    conditions = {each["type"]: each for each in autoscaler.get("status", {}).get("conditions", ())}
    active = conditions.get("ScalingActive", {})
    if active.get("status") != "False":
        return None
    reason = reasons.SCALED_TO_ZERO if active.get("reason") == "ScalingDisabled" else reasons.METRICS_UNAVAILABLE
    return Trouble(reason, _short(active.get("message", "")))


def scaled_object_trouble(scaled_object: Object) -> Trouble | None:
    """What keeps a ScaledObject of KEDA from working."""
    conditions = {each["type"]: each for each in scaled_object.get("status", {}).get("conditions", ())}
    ready = conditions.get("Ready", {})
    if ready.get("status") != "False":
        return None
    return Trouble(reasons.METRICS_UNAVAILABLE, _short(ready.get("message", "")))


# The nearer to the cause, the earlier; what is not named comes last.
GRAVITY = (
    reasons.SECRET_NOT_FOUND,
    reasons.SECRET_KEY_MISSING,
    "InvalidImageName",
    reasons.IMAGE_PULL_BACK_OFF,
    reasons.CRASH_LOOP_BACK_OFF,
    reasons.UNSCHEDULABLE,
)


def gravest(troubles: Iterable[Trouble]) -> Trouble | None:
    """The trouble to tell where several pods have one."""
    ranks = {reason: rank for rank, reason in enumerate(GRAVITY)}
    return min(troubles, key=lambda each: (ranks.get(each.reason, len(ranks)), each.reason, each.message), default=None)


def _word(reason: str) -> str:
    """A condition's reason takes letters and digits only."""
    return re.sub(r"[^A-Za-z0-9]", "", reason) or reasons.NOT_READY


def _short(message: str) -> str:
    return message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"
