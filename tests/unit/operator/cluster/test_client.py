"""What the API server answers, told apart: worth another try, or nothing that trying helps."""

import pytest

from usecase_operator import reasons
from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.writer import failure
from usecase_operator.errors import Retry, Stuck

MISFIT = "failed to create typed patch object (prod/shop-api; apps/v1, Kind=Deployment): "


@pytest.mark.parametrize("status", [0, 409, 429, 500, 502, 503, 504])
def test_an_outage_and_a_conflict_are_worth_another_try(status: int) -> None:
    found = failure(ApiError(status, "Reason", "of the server's", retry_after=3), "Deployment shop-api")
    assert isinstance(found, Retry)
    assert (found.reason, found.after) == (reasons.API_UNAVAILABLE, 3)


@pytest.mark.parametrize(
    ("status", "message", "named"),
    [
        pytest.param(422, "spec.ports: Required value", "spec.ports", id="refused"),
        pytest.param(
            500,
            f"{MISFIT}.spec.template.spec.typo: field not declared in schema",
            ".spec.template.spec.typo",
            id="unknown field",
        ),
        pytest.param(500, f'{MISFIT}errors:\n  duplicate entries for key [name="A"]', '[name="A"]', id="a key twice"),
    ],
)
def test_a_body_that_does_not_fit_is_for_a_person_to_mend(status: int, message: str, named: str) -> None:
    found = failure(ApiError(status, "Reason", message), "Deployment shop-api")
    assert isinstance(found, Stuck)
    assert found.reason == reasons.APPLY_REFUSED
    assert "Deployment shop-api" in found.message
    assert named in found.message
