"""How many pods, and who says so: the rules that let `kubectl scale` last (decision 0006).

The operator's main apply never holds `spec.replicas`. A number is written by a field manager of its own, `SCALER`, at
three moments: when a Deployment is made, when the number in the resource changes, and when a use case stops or goes on;
and a Bot is never two.
Between them whoever scales decides. Field ownership is no witness of who did: Kubernetes forgets it (decision 0006), so
the source is told from numbers, and `by` is a hint.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from usecase_operator.metadata import HASH, MANAGER, Manifest
from usecase_operator.model import Component, ScalingMode
from usecase_operator.status import ComponentStatus, Replicas, ReplicaSource

SCALER = "usecase-operator-scaler"
# What the API server fills in where nobody says a number.
UNSAID = 1


@dataclass(frozen=True, slots=True)
class Apply:
    """One server-side apply: *body* by field manager *manager*; *force* takes fields from other managers."""

    body: Manifest
    manager: str
    force: bool


# Which number


def effective_mode(component: Component, *, keda: bool) -> ScalingMode:
    """Who can decide: mode Queue without its engine is Manual, at a number that works."""
    return "Manual" if component.scaling.mode == "Queue" and not keda else component.scaling.mode


def number_in_spec(component: Component, mode: ScalingMode) -> int:
    """The number that the resource asks for: `replicas`, or the least one of an autoscaler.

    Without its engine a component in mode Queue gets at least one pod, since nothing would wake it.
    """
    scaling = component.scaling
    said = scaling.replicas if scaling.mode == "Manual" else scaling.min
    number = UNSAID if said is None else said
    return max(1, number) if mode != scaling.mode else number


def number_to_write(
    component: Component, mode: ScalingMode, *, live: int | None, previous: ComponentStatus | None, suspended: bool
) -> int | None:
    """The number to write in this pass; None leaves the Deployment's as it is.

    *live*: the Deployment's number, None if there is no Deployment. *previous*: the component in the last status.
    """
    wanted = 0 if suspended else _wanted(component, mode, live, previous)
    return None if wanted == live else wanted


def waits_for_autoscaler(component: Component, mode: ScalingMode, *, suspended: bool) -> bool:
    """Whether a number is written only when no autoscaler of ours is left: one that goes still writes, and would have
    the last word. A Bot's is written at once, and again where it has to: it is never two. To zero none objects.
    """
    return mode == "Manual" and component.kind != "Bot" and not suspended


def _wanted(component: Component, mode: ScalingMode, live: int | None, previous: ComponentStatus | None) -> int | None:
    in_spec = number_in_spec(component, mode)
    before = previous.replicas if previous else None
    if component.kind == "Bot" and (live or 0) > 1:
        return min(in_spec, 1)  # two that poll would take each other's messages: whoever scales it is not followed
    if previous is None or before is None:
        # No memory: a fresh component, or a resource restored without its status, whose pods nobody shall stop.
        return _first(in_spec, mode) if live is None else None
    entered = previous.scaling_mode != mode
    resumed = live is None or previous.state == "Suspended"
    remembered = in_spec if before.desired is None else before.desired
    if mode == "Manual":
        if entered or before.from_spec != in_spec:
            return in_spec
        return remembered if resumed else None
    if entered:
        # An autoscaler finds its own way, but never from zero.
        return _first(in_spec, mode) if live is None else max(live, in_spec)
    return remembered if resumed else None


def _first(in_spec: int, mode: ScalingMode) -> int:
    """At creation. An autoscaler raises the number itself; only a zero has to be said, or one pod would start."""
    return in_spec if mode == "Manual" or in_spec == 0 else UNSAID


# How it is written


def creation(deployment: Manifest, number: int) -> tuple[Apply, ...]:
    """The applies that make *deployment* with the right number from the first write, and leave it to the scaler.

    The first one lacks the hash: whoever is interrupted between them finds work when it looks again.
    """
    main = Apply(deployment, MANAGER, force=True)
    if number == UNSAID:
        return (main,)
    metadata = deployment["metadata"]
    annotations = {key: value for key, value in metadata.get("annotations", {}).items() if key != HASH}
    first = {
        **deployment,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**deployment["spec"], "replicas": number},
    }
    return Apply(first, MANAGER, force=True), hand_over(deployment, number), main


def hand_over(deployment: Manifest, live: int) -> Apply:
    """Before a main apply drops the number it once held, the scaler holds it too: else it would fall to 1."""
    return Apply(_number_only(deployment, live), SCALER, force=False)


def scale(deployment: Manifest, number: int) -> Apply:
    """The number in the resource has changed: it wins over whoever scaled."""
    return Apply(_number_only(deployment, number), SCALER, force=True)


def _number_only(deployment: Manifest, number: int) -> Manifest:
    metadata = deployment["metadata"]
    return {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "spec": {"replicas": number},
    }


# Who owns it


def operator_claims(managed_fields: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the main apply holds the number: a creation was interrupted, `hand_over` has to come first."""
    return any(
        entry.get("manager") == MANAGER and entry.get("operation") == "Apply" and _holds_number(entry)
        for entry in managed_fields
    )


def last_scaler(managed_fields: Iterable[Mapping[str, Any]]) -> str | None:
    """The client noted for the number, if any: Kubernetes loses it on `--replicas=0`."""
    names = (str(entry.get("manager")) for entry in managed_fields if _holds_number(entry))
    return next((name for name in names if name not in (MANAGER, SCALER)), None)


def _holds_number(entry: Mapping[str, Any]) -> bool:
    return "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})


# What status says of it


def report(
    component: Component,
    mode: ScalingMode,
    *,
    number: int,
    foreign_autoscaler: bool,
    by: str | None,
    previous: Replicas | None,
    suspended: bool,
    now: str,
    unwritten: bool = False,
) -> Replicas:
    """The number and its source, after this pass. *number*: the Deployment's, with what was just written.

    A stopped use case keeps the number that it returns to; so does one whose number was to change and is *unwritten*.
    """
    in_spec = number_in_spec(component, mode)
    if previous and (suspended or unwritten):
        # No number is made true now: a change of the resource meanwhile shows when the use case goes on.
        return previous
    if suspended:
        return Replicas(from_spec=in_spec, desired=in_spec, source="Spec")
    source = _source(mode, foreign_autoscaler, number, in_spec)
    if source != "Manual":
        return Replicas(from_spec=in_spec, desired=number, source=source)
    if previous and previous.source == "Manual" and previous.desired == number:
        return Replicas(in_spec, number, source=source, by=previous.by, at=previous.at)
    return Replicas(in_spec, number, source=source, by=by, at=now)


def _source(mode: ScalingMode, foreign_autoscaler: bool, number: int, in_spec: int) -> ReplicaSource:
    if mode == "Queue":
        return "KEDA"
    if mode == "CPU" or foreign_autoscaler:
        return "HPA"
    return "Spec" if number == in_spec else "Manual"
