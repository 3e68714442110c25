"""The variables of the chart, as the process reads them."""

import pytest

from usecase_operator.settings import SettingsError, read


def test_nothing_said_means_the_whole_cluster() -> None:
    settings = read({})
    assert settings.watch_namespaces == ()
    assert settings.ops_port == 9090


@pytest.mark.parametrize("text", ["b,a", "b a", " a , b ", "a,b,a"])
def test_namespaces_are_a_list_in_any_spelling(text: str) -> None:
    assert read({"WATCH_NAMESPACES": text}).watch_namespaces == ("a", "b")


@pytest.mark.parametrize(("variable", "value"), [("OPS_PORT", "http"), ("LOG_LEVEL", "loud")])
def test_a_value_that_can_not_be_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        read({variable: value})


def test_an_identity_is_found_where_none_is_given() -> None:
    assert read({"POD_NAME": "operator-0"}).identity == "operator-0"
    assert read({}).identity
