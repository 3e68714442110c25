"""Writes to the UseCase itself: what did not arrive is written again."""

from typing import Any

import pytest

from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.resource import Resource
from usecase_operator.cluster.usecases import UseCases
from usecases import make_usecase


class Refusing:
    """A client whose every apply is answered with *status*."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def apply(self, manifest: Any, **_: Any) -> Any:
        raise ApiError(self._status, "Refused", "no")


async def write(status: int) -> None:
    await Resource(Refusing(status), UseCases(lambda _: None)).write_status(make_usecase(), {})  # type: ignore[arg-type]


async def test_the_status_of_a_resource_that_is_gone_is_not_missed() -> None:
    await write(404)


@pytest.mark.parametrize("status", [0, 409, 500])
async def test_a_status_that_did_not_arrive_is_a_failure_of_the_pass(status: int) -> None:
    with pytest.raises(ApiError):
        await write(status)
