"""Marks of the operator's children."""

from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.metadata import annotated, component_of, digest, labels, manifest, selector, with_hash
from usecases import make_usecase

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4) | st.lists(inner, max_size=3),
)


def test_the_selector_is_part_of_the_labels() -> None:
    usecase = make_usecase()

    assert selector(usecase, "api").items() <= labels(usecase, "api").items()


def test_two_use_cases_and_two_components_are_told_apart() -> None:
    shop, other = make_usecase(name="shop"), make_usecase(name="other")

    assert selector(shop, "api") != selector(other, "api")
    assert selector(shop, "api") != selector(shop, "bot")


def test_what_serves_the_whole_use_case_has_no_component() -> None:
    child = manifest(make_usecase(), "v1", "Secret", name="shop-keda")

    assert component_of(child) is None
    assert component_of(manifest(make_usecase(), "v1", "Secret", name="x", component="api")) == "api"


def test_annotations_are_added_to_a_copy() -> None:
    child = manifest(make_usecase(), "v1", "Secret", name="x")
    marked = annotated(annotated(child, {"a": "1"}), {"b": "2"})

    assert marked["metadata"]["annotations"] == {"a": "1", "b": "2"}
    assert "annotations" not in child["metadata"]
    assert with_hash(child) == with_hash(child)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=5))
def test_a_digest_does_not_know_the_order_of_keys(value: dict[str, object]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))
