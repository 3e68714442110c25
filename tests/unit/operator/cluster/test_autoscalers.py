"""Whose an autoscaler is: ours, KEDA's or somebody else's, and on which Deployment; all of it may change."""

from typing import Any

import pytest

from usecase_operator.cluster.autoscalers import AutoscalersOfScope, ForeignAutoscalers
from usecase_operator.cluster.children import Children, ChildrenOfKind

OWNER = "owner-uid"
OURS = [{"kind": "UseCase", "uid": OWNER, "name": "x", "controller": True}]
KEDAS = [{"kind": "ScaledObject", "uid": "s", "name": "x-web", "controller": True}]
KEY = ("HorizontalPodAutoscaler", "x-web")


def autoscaler(version: int, target: str = "x-web", *, kind: str = "Deployment", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "x-web", "namespace": "n", "uid": "h", "resourceVersion": str(version), **metadata},
        "spec": {"scaleTargetRef": {"kind": kind, "name": target}},
    }


class Watched:
    """The sink with its mirrors, and who was woken: owners and Deployments."""

    def __init__(self) -> None:
        self.owners: list[str] = []
        self.targets: list[str] = []
        self.children = Children(self.owners.append)
        self.foreign = ForeignAutoscalers(lambda target: self.targets.append(target[1]))
        self.sink = AutoscalersOfScope(
            ChildrenOfKind(self.children, "HorizontalPodAutoscaler", None), foreign=self.foreign
        )

    @property
    def ours(self) -> bool:
        return KEY in self.children.of(OWNER)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_somebody_elses_autoscaler_is_named_until_it_is_gone(watched: Watched) -> None:
    watched.sink.put(autoscaler(1))
    watched.sink.put(autoscaler(2, labels={"a": "b"}))
    assert watched.foreign.on("n", "x-web") == "x-web"
    assert watched.targets == ["x-web"]
    watched.sink.remove(autoscaler(3))
    assert watched.foreign.on("n", "x-web") is None
    assert watched.targets == ["x-web", "x-web"]


def test_an_autoscaler_that_was_handed_over_is_foreign_no_more(watched: Watched) -> None:
    watched.sink.put(autoscaler(1))
    watched.sink.put(autoscaler(2, ownerReferences=OURS))
    assert watched.ours
    assert watched.foreign.on("n", "x-web") is None


def test_an_autoscaler_that_lost_its_owner_is_ours_no_more(watched: Watched) -> None:
    watched.sink.put(autoscaler(1, ownerReferences=OURS))
    watched.sink.put(autoscaler(2))
    assert not watched.ours
    assert watched.owners == [OWNER, OWNER]
    assert watched.foreign.on("n", "x-web") == "x-web"


def test_late_news_from_before_it_was_ours_changes_nothing(watched: Watched) -> None:
    watched.children.put({"kind": "HorizontalPodAutoscaler", **autoscaler(2, ownerReferences=OURS)})
    watched.sink.put(autoscaler(1))
    assert watched.ours


def test_an_autoscaler_that_keda_took_over_is_kedas_business(watched: Watched) -> None:
    watched.sink.put(autoscaler(1))
    watched.sink.put(autoscaler(2, ownerReferences=KEDAS))
    assert watched.foreign.on("n", "x-web") is None
    assert watched.foreign.kedas_on("n", "x-web") == "x-web"
    watched.sink.remove(autoscaler(3))
    assert watched.foreign.kedas_on("n", "x-web") is None
    assert watched.targets[-1] == "x-web"


def test_somebody_elses_scaled_object_is_a_second_autoscaler(watched: Watched) -> None:
    watched.sink.put(autoscaler(1, ownerReferences=[{**KEDAS[0], "name": "night"}]))
    assert watched.foreign.on("n", "x-web") is not None


def test_a_new_target_frees_the_old_one_and_wakes_both(watched: Watched) -> None:
    watched.sink.put(autoscaler(1))
    watched.sink.put(autoscaler(2, "x-other"))
    assert watched.foreign.on("n", "x-web") is None
    assert watched.foreign.on("n", "x-other") == "x-web"
    assert watched.targets == ["x-web", "x-web", "x-other"]


def test_a_target_of_another_kind_frees_the_deployment(watched: Watched) -> None:
    watched.sink.put(autoscaler(1))
    watched.sink.put(autoscaler(2, kind="StatefulSet"))
    assert watched.foreign.on("n", "x-web") is None
    assert watched.targets == ["x-web", "x-web"]


def test_a_new_list_drops_what_is_gone_of_either_sort(watched: Watched) -> None:
    watched.sink.put(autoscaler(1, uid="mine", ownerReferences=OURS))
    watched.sink.put(autoscaler(1, "x-other"))
    watched.sink.keep_only(set())
    assert not watched.ours
    assert watched.foreign.on("n", "x-other") is None
