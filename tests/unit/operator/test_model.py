"""A UseCase as the operator reads it."""

import tracemalloc

import pytest

from usecase_operator.decoding import DecodingError
from usecase_operator.model import Scaling, UseCase, parse
from usecase_operator.offline import admitted
from usecases import body, component, example, make_usecase, schema


def test_defaults_of_the_api_server_are_fields_of_the_model() -> None:
    found = make_usecase(component("api"))

    assert found.spec.components[0].scaling == Scaling(mode="Manual")
    assert found.spec.messaging.queues[0].retry.max_tries == 5
    assert found.spec.components[0].health.http is not None
    assert found.spec.components[0].health.http.port == 9090


def test_a_use_case_that_no_api_server_defaulted_is_refused_by_field() -> None:
    with pytest.raises(DecodingError, match=r"spec\.suspend: this field is required"):
        parse(body(component("api")))


def test_a_use_case_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        make_usecase().spec.suspend = True  # type: ignore[misc]


def test_a_thousand_use_cases_of_six_components_fit_in_memory() -> None:
    """The whole operator may take 60 KiB for each; the model must leave most of it to others."""
    example("task-management")  # decoders are made once
    kept: list[UseCase] = []
    tracemalloc.start()
    try:
        for _ in range(20):
            kept.append(example("task-management"))
        taken = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert taken < 20 * 1024


def test_podtemplate_is_kept_as_it_stands() -> None:
    template = {"spec": {"priorityClassName": "batch", "x": [1, None]}}
    found = parse(admitted(body(component("api", podTemplate=template)), schema()))

    assert found.spec.components[0].pod_template == template
