"""The stand-in for the API server: defaults filled in, unknown and missing fields refused."""

from typing import Any

import pytest

from usecase_operator.offline import NO_UID, RefusedError, admitted, crd, schema_of
from usecases import CRD, component, schema

MINIMAL: dict[str, Any] = {"kind": "UseCase", "metadata": {"name": "x"}, "spec": {"components": [component("api")]}}


def with_spec(**spec: Any) -> dict[str, Any]:
    return {**MINIMAL, "spec": {"components": [component("api")], **spec}}


def test_the_operator_carries_the_very_crd() -> None:
    """`python docs/generate_charts.py` writes the copy anew."""
    from importlib import resources

    assert resources.files("usecase_operator").joinpath("usecase.yaml").read_text() == CRD.read_text()
    assert schema_of(crd()) == schema()


def test_defaults_are_filled_in_at_every_depth() -> None:
    found = admitted(with_spec(components=[component("api", health={"http": {}})]), schema())["spec"]

    assert found["progressDeadlineSeconds"] == 600
    assert found["deletionPolicy"] == {"messaging": "DeleteIfEmpty", "brokerTimeoutSeconds": 300}
    assert found["components"][0]["scaling"] == {"mode": "Manual"}
    assert found["components"][0]["health"]["http"] == {
        "port": 9090,
        "livenessPath": "/healthz",
        "readinessPath": "/readyz",
    }


def test_what_is_said_is_kept() -> None:
    health = {"tcp": {"port": 1}}
    found = admitted(with_spec(components=[component("api", health=health)], suspend=False), schema())["spec"]

    assert found["components"][0]["health"] == health
    assert found["suspend"] is False


def test_a_use_case_that_never_was_on_a_server_gets_a_namespace_and_no_life() -> None:
    metadata = admitted(MINIMAL, schema(), "team-a")["metadata"]

    assert (metadata["namespace"], metadata["uid"]) == ("team-a", NO_UID)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(with_spec(suspnd=True), r"spec\.suspnd: unknown field; spec has suspend, ", id="unknown"),
        pytest.param(
            with_spec(components=[component("api", htp={})]),
            r"spec\.components\[0\]\.htp: unknown field",
            id="in-a-list",
        ),
        pytest.param(
            with_spec(components=[{"name": "api", "kind": "API"}]),
            r"spec\.components\[0\]\.image: .* required",
            id="missing",
        ),
        pytest.param({"kind": "UseCase", "metadata": {"name": "x"}}, r"^spec: this field is required", id="no-spec"),
    ],
)
def test_what_would_be_refused_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        admitted(given, schema())


def test_a_podtemplate_is_nobodys_business() -> None:
    free = {"spec": {"anything": [1, {"goes": None}]}}
    found = admitted(with_spec(components=[component("api", podTemplate=free)]), schema())

    assert found["spec"]["components"][0]["podTemplate"] == free


def test_what_was_handed_in_is_not_changed() -> None:
    given = with_spec()
    admitted(given, schema())

    assert "suspend" not in given["spec"]
