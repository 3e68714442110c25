"""The whole list: its order, its marks, and that it says the same each time."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.cli import stand_in
from usecase_operator.metadata import HASH, REVISION, Manifest, component_of
from usecase_operator.render import ORDER, Given, render
from usecases import EXAMPLES, UID, component, example, make_usecase


def identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_use_case_renders_to_the_same_list(name: str) -> None:
    usecase = example(name)
    given = stand_in(usecase, keda=True)

    assert render(usecase, given) == render(copy.deepcopy(usecase), given)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_child_carries_owner_labels_and_hash(name: str) -> None:
    usecase = example(name)
    for each in render(usecase, stand_in(usecase, keda=True)):
        metadata = each["metadata"]
        [owner] = metadata["ownerReferences"]

        assert (owner["kind"], owner["uid"], owner["controller"]) == ("UseCase", usecase.metadata.uid, True)
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "usecase-operator"
        assert metadata["labels"]["app.kubernetes.io/part-of"] == usecase.name
        assert len(metadata["annotations"][HASH]) == 16


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_two_children_are_the_same_object(name: str) -> None:
    usecase = example(name)
    found = [identity(each) for each in render(usecase, stand_in(usecase, keda=True))]

    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_rendered_as_null(name: str) -> None:
    def nulls(value: Any) -> int:
        if isinstance(value, dict):
            return sum(nulls(each) for each in value.values())
        if isinstance(value, list):
            return sum(nulls(each) for each in value)
        return value is None

    usecase = example(name)
    assert nulls(render(usecase, stand_in(usecase, keda=True))) == 0


def test_policies_and_accounts_come_before_pods() -> None:
    usecase = example("task-management")
    kinds = [each["kind"] for each in render(usecase, stand_in(usecase, keda=True))]

    assert [ORDER.index(kind) for kind in kinds] == sorted(ORDER.index(kind) for kind in kinds)
    assert ORDER.index("NetworkPolicy") < ORDER.index("Deployment")
    assert ORDER.index("Secret") < ORDER.index("Deployment")


@pytest.mark.parametrize(
    ("each", "kinds"),
    [
        pytest.param(
            component("x"),
            {"ServiceAccount", "NetworkPolicy", "Service", "Deployment", "PodDisruptionBudget"},
            id="api",
        ),
        pytest.param(
            component("x", "DataService"),
            {"ServiceAccount", "NetworkPolicy", "Service", "Deployment", "PodDisruptionBudget"},
            id="data-service",
        ),
        pytest.param(
            component("x", "Worker"),
            {"ServiceAccount", "Secret", "NetworkPolicy", "Deployment", "PodDisruptionBudget"},
            id="worker",
        ),
        pytest.param(component("x", "Bot"), {"ServiceAccount", "NetworkPolicy", "Deployment"}, id="bot"),
    ],
)
def test_each_kind_gets_what_it_is_by_nature(each: dict[str, Any], kinds: set[str]) -> None:
    usecase = make_usecase(each)
    found = render(usecase, stand_in(usecase, keda=True))

    assert {manifest["kind"] for manifest in found} == kinds
    assert {component_of(manifest) for manifest in found} == {"x"}


def test_a_component_does_not_change_with_its_siblings_words() -> None:
    """Only edges cross: an image of one component must not rewrite another's objects."""
    one = render(make_usecase(component("a"), component("b", image="b:1")), Given())
    two = render(make_usecase(component("a"), component("b", image="b:2")), Given())

    changed = {component_of(after) for before, after in zip(one, two, strict=True) if before != after}
    assert changed == {"b"}


def hashes(**fields: Any) -> dict[str, str]:
    found = render(make_usecase(component("api", **fields)), Given())
    return {each["kind"]: each["metadata"]["annotations"][HASH] for each in found}


def test_the_hash_follows_the_content() -> None:
    before, after = hashes(), hashes(image="api:2")

    assert {kind for kind in before if before[kind] != after[kind]} == {"Deployment"}


def revision(**spec: Any) -> str:
    found = render(make_usecase(component("api", **spec.pop("api", {})), **spec), Given())
    deployment = next(each for each in found if each["kind"] == "Deployment")
    value: str = deployment["metadata"]["annotations"][REVISION]
    return value


def test_a_revision_is_a_pod_template() -> None:
    assert revision(api={"image": "api:2"}) != revision()
    assert revision(progressDeadlineSeconds=60) == revision()


def test_replicas_are_left_to_whoever_scales() -> None:
    for scaling in ({"replicas": 3}, {"mode": "CPU", "max": 3}):
        found = render(make_usecase(component("api", scaling=scaling)), Given())

        assert all("replicas" not in each.get("spec", {}) for each in found)


@given(
    st.sampled_from(["API", "DataService", "Worker", "Bot"]), st.sampled_from(["API", "DataService", "Worker", "Bot"])
)
def test_selectors_are_frozen(one: Any, other: Any) -> None:
    """A component may change its kind; the selector of a Deployment can't change."""

    def selector(kind: str) -> Any:
        found = render(make_usecase(component("x", kind)), Given())
        return next(each["spec"]["selector"] for each in found if each["kind"] == "Deployment")

    assert selector(one) == selector(other)


def test_the_owner_is_the_use_case_of_this_life() -> None:
    assert render(make_usecase(), Given())[0]["metadata"]["ownerReferences"][0]["uid"] == UID
