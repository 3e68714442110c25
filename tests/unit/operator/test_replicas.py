"""How many pods: `kubectl scale` lasts until the number in the UseCase changes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.metadata import HASH, MANAGER, Manifest
from usecase_operator.model import Component, ScalingMode
from usecase_operator.render import Given, render
from usecase_operator.replicas import (
    SCALER,
    creation,
    effective_mode,
    hand_over,
    last_scaler,
    number_in_spec,
    number_to_write,
    operator_claims,
    report,
    scale,
    waits_for_autoscaler,
)
from usecase_operator.status import ComponentStatus, Replicas
from usecases import component, make_usecase

NOW = "2026-01-02T00:00:00Z"
THEN = "2026-01-01T00:00:00Z"

MANUAL_3 = {"replicas": 3}
CPU_2 = {"mode": "CPU", "min": 2, "max": 6}
QUEUE_0 = {"mode": "Queue", "min": 0, "max": 6, "queue": {"name": "jobs"}}


def worker(scaling: dict[str, Any]) -> Component:
    return make_usecase(component("worker", "Worker", scaling=scaling)).spec.components[0]


def before(from_spec: int, desired: int, mode: str = "Manual", state: Any = "Ready") -> ComponentStatus:
    return ComponentStatus("worker", state=state, replicas=Replicas(from_spec, desired), scaling_mode=mode)


@pytest.mark.parametrize(
    ("scaling", "live", "previous", "number"),
    [
        pytest.param(MANUAL_3, None, None, 3, id="created-with-the-number-of-the-spec"),
        pytest.param(MANUAL_3, 5, before(3, 5), None, id="kubectl-scale-sticks"),
        pytest.param(MANUAL_3, 0, before(3, 0), None, id="kubectl-scale-to-zero-sticks"),
        pytest.param(MANUAL_3, 5, before(2, 5), 3, id="a-new-number-in-the-spec-wins"),
        pytest.param(MANUAL_3, 3, before(2, 3), None, id="a-new-number-that-is-there-already"),
        pytest.param(MANUAL_3, None, before(3, 5), 5, id="recreated-with-the-last-desired-number"),
        pytest.param(MANUAL_3, None, before(2, 5), 3, id="recreated-after-the-spec-changed"),
        pytest.param(MANUAL_3, 5, None, None, id="status-lost-pods-kept"),
        pytest.param(MANUAL_3, 6, before(3, 6, "CPU"), 3, id="entering-manual-counts-as-a-new-number"),
        pytest.param(MANUAL_3, 0, before(3, 5, state="Suspended"), 5, id="going-on-returns-to-the-last-number"),
        pytest.param(CPU_2, None, None, 1, id="an-autoscaler-raises-the-number-itself"),
        pytest.param(CPU_2, 4, before(2, 4, "CPU"), None, id="left-to-the-autoscaler"),
        pytest.param(CPU_2, 0, before(2, 0, "CPU"), None, id="zero-by-hand-stays-under-an-autoscaler"),
        pytest.param(CPU_2, 4, before(3, 4), None, id="entering-cpu-keeps-what-runs"),
        pytest.param(CPU_2, 0, before(0, 0), 2, id="entering-cpu-wakes-from-zero"),
        pytest.param(CPU_2, None, before(2, 4, "CPU"), 4, id="recreated-under-an-autoscaler"),
        pytest.param(CPU_2, 0, before(2, 4, "CPU", "Suspended"), 4, id="an-autoscaled-one-goes-on"),
        pytest.param(QUEUE_0, None, None, 0, id="no-pod-for-an-empty-queue"),
    ],
)
def test_the_number_to_write(
    scaling: dict[str, Any], live: int | None, previous: ComponentStatus | None, number: int | None
) -> None:
    each = worker(scaling)
    mode = effective_mode(each, keda=True)

    assert number_to_write(each, mode, live=live, previous=previous, suspended=False) == number


@pytest.mark.parametrize(
    ("kind", "scaling", "suspended", "waits"),
    [
        pytest.param("Worker", MANUAL_3, False, True, id="an-autoscaler-would-undo-it"),
        pytest.param("Worker", CPU_2, False, False, id="an-autoscaler-is-to-have-its-say"),
        pytest.param("Worker", MANUAL_3, True, False, id="no-autoscaler-wakes-from-zero"),
        pytest.param("Bot", {"replicas": 1}, False, False, id="a-bot-is-never-two"),
    ],
)
def test_whose_number_waits_for_the_end_of_an_autoscaler(
    kind: str, scaling: dict[str, Any], suspended: bool, waits: bool
) -> None:
    each = make_usecase(component("worker", kind, scaling=scaling)).spec.components[0]
    assert waits_for_autoscaler(each, each.scaling.mode, suspended=suspended) == waits


@pytest.mark.parametrize("scaling", [MANUAL_3, CPU_2, QUEUE_0])
@pytest.mark.parametrize(("live", "number"), [(None, 0), (4, 0), (0, None)])
def test_a_suspended_component_runs_no_pods(scaling: dict[str, Any], live: int | None, number: int | None) -> None:
    each = worker(scaling)

    found = number_to_write(each, each.scaling.mode, live=live, previous=before(3, 4), suspended=True)

    assert found == number


@pytest.mark.parametrize(("asked", "number"), [(1, 1), (0, 0)])
def test_who_scales_a_bot_beyond_one_is_not_followed(asked: int, number: int) -> None:
    bot = make_usecase(component("bot", "Bot", scaling={"replicas": asked})).spec.components[0]

    assert number_to_write(bot, "Manual", live=3, previous=before(asked, 1), suspended=False) == number


def test_without_its_engine_a_queue_scaled_component_runs_at_least_one_pod() -> None:
    each = worker(QUEUE_0)
    mode = effective_mode(each, keda=False)

    assert (mode, number_in_spec(each, mode)) == ("Manual", 1)
    assert number_to_write(each, mode, live=0, previous=before(0, 0, "Queue"), suspended=False) == 1


def test_when_the_engine_comes_it_decides() -> None:
    each = worker(QUEUE_0)

    assert number_to_write(each, "Queue", live=4, previous=before(1, 4), suspended=False) is None


@given(live=st.integers(0, 9), in_spec=st.integers(0, 9), desired=st.integers(0, 9))
def test_a_second_pass_writes_no_number(live: int, in_spec: int, desired: int) -> None:
    each = worker({"replicas": in_spec})
    written = number_to_write(each, "Manual", live=live, previous=before(in_spec, desired, "CPU"), suspended=False)
    after = live if written is None else written
    said = report(
        each, "Manual", number=after, foreign_autoscaler=False, by=None, previous=None, suspended=False, now=NOW
    )
    again = ComponentStatus("worker", replicas=said, scaling_mode="Manual")

    assert number_to_write(each, "Manual", live=after, previous=again, suspended=False) is None


def deployment() -> Manifest:
    found = render(make_usecase(component("api")), Given())
    return next(each for each in found if each["kind"] == "Deployment")


def test_the_main_apply_never_holds_the_number() -> None:
    assert "replicas" not in deployment()["spec"]


@pytest.mark.parametrize("number", [0, 3])
def test_creation_takes_three_applies_and_ends_with_the_main_one(number: int) -> None:
    main = deployment()
    first, second, third = creation(main, number)

    assert (first.manager, first.force, first.body["spec"]["replicas"]) == (MANAGER, True, number)
    assert HASH not in first.body["metadata"]["annotations"], "an interrupted creation must leave work to find"
    assert second == hand_over(main, number)
    assert (third.body, third.manager) == (main, MANAGER)


def test_one_pod_is_what_kubernetes_does_by_itself() -> None:
    assert [each.body for each in creation(deployment(), 1)] == [deployment()]


def test_creation_leaves_the_manifest_as_it_was() -> None:
    main = deployment()
    creation(main, 3)
    assert main == deployment()


@pytest.mark.parametrize(("make", "force"), [(hand_over, False), (scale, True)])
def test_the_scaler_applies_the_number_and_nothing_else(make: Any, force: bool) -> None:
    found = make(deployment(), 4)

    assert (found.manager, found.force) == (SCALER, force)
    assert found.body == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop-api", "namespace": "prod"},
        "spec": {"replicas": 4},
    }


def entry(manager: str, operation: str, **fields: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": {"f:spec": fields}}


@pytest.mark.parametrize(
    ("fields", "claims", "by"),
    [
        pytest.param([entry(MANAGER, "Apply", **{"f:template": {}})], False, None, id="ours-without-number"),
        pytest.param([entry(MANAGER, "Apply", **{"f:replicas": {}})], True, None, id="interrupted-creation"),
        pytest.param([entry(SCALER, "Apply", **{"f:replicas": {}})], False, None, id="the-scaler"),
        pytest.param([entry("kubectl", "Update", **{"f:replicas": {}})], False, "kubectl", id="a-person"),
        pytest.param([{"manager": "x", "operation": "Update"}], False, None, id="no-fields"),
    ],
)
def test_who_holds_the_number(fields: list[dict[str, Any]], claims: bool, by: str | None) -> None:
    assert (operator_claims(fields), last_scaler(fields)) == (claims, by)


@pytest.mark.parametrize(
    ("mode", "number", "foreign", "source"),
    [
        pytest.param("Manual", 3, False, "Spec", id="as-the-spec-says"),
        pytest.param("Manual", 5, False, "Manual", id="somebody-scaled"),
        pytest.param("Manual", 3, True, "HPA", id="an-autoscaler-of-somebody-else"),
        pytest.param("CPU", 3, False, "HPA", id="hpa"),
        pytest.param("Queue", 3, False, "KEDA", id="keda"),
    ],
)
def test_the_source_is_told_from_numbers(mode: ScalingMode, number: int, foreign: bool, source: str) -> None:
    scaling = {"Manual": MANUAL_3, "CPU": CPU_2, "Queue": QUEUE_0}[mode]

    found = report(
        worker(scaling),
        mode,
        number=number,
        foreign_autoscaler=foreign,
        by="kubectl",
        previous=None,
        suspended=False,
        now=NOW,
    )

    assert found.source == source
    assert (found.at, found.by) == ((NOW, "kubectl") if source == "Manual" else (None, None))


def test_the_time_of_a_manual_scale_does_not_tick() -> None:
    seen = Replicas(from_spec=3, desired=5, source="Manual", by="kubectl", at=THEN)

    def again(number: int) -> Replicas:
        return report(
            worker(MANUAL_3),
            "Manual",
            number=number,
            foreign_autoscaler=False,
            by=None,
            previous=seen,
            suspended=False,
            now=NOW,
        )

    assert (again(5).at, again(5).by) == (THEN, "kubectl")
    assert again(6).at == NOW


def test_a_suspended_component_remembers_the_number_it_returns_to() -> None:
    running = Replicas(from_spec=2, desired=5, source="Manual", by="kubectl", at=THEN)

    found = report(
        worker(MANUAL_3),
        "Manual",
        number=0,
        foreign_autoscaler=False,
        by=None,
        previous=running,
        suspended=True,
        now=NOW,
    )

    assert found == running, "the change from 2 to 3 must be seen as one when the use case goes on"
