"""Writes to the UseCase itself: what did not arrive is written again, and who is not there is forgotten."""

from typing import Any

import pytest

from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.resource import FINALIZER, Gone, Resource
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.errors import Retry
from usecase_operator.model import parse
from usecase_operator.offline import admitted
from usecases import UID, body, make_usecase, schema

ABSENT = ApiError(404, "NotFound", 'usecases.usecase.dev "shop" not found')
NO_SUCH_KIND = ApiError(404, "NotFound", "the server could not find the requested resource")
TEST_FAILED = ApiError(422, "Invalid", "the server rejected our request due to an error in our request")
DENIED = ApiError(
    422,
    "Invalid",
    "usecases.usecase.dev \"shop\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p' denied request: no",
)
INVALID = ApiError(422, "Invalid", 'UseCase.usecase.dev "shop" is invalid: spec: Invalid value: "object": no')


class Refusing:
    """A client whose every write is answered with *error*; *found* is what it reads."""

    def __init__(self, error: ApiError, found: dict[str, Any] | None = None) -> None:
        self._error = error
        self._found = found

    async def apply(self, manifest: Any, **_: Any) -> Any:
        raise self._error

    async def json_patch(self, *_: Any) -> Any:
        raise self._error

    async def get_metadata(self, *_: Any) -> Any:
        return self._found


def resource(client: Refusing) -> tuple[Resource, UseCases]:
    """With a mirror that knows the UseCase."""
    usecases = UseCases(lambda _: None)
    found = admitted(body(), schema())
    found["metadata"]["resourceVersion"] = "1"
    usecases.put(found)
    return Resource(client, usecases), usecases  # type: ignore[arg-type]


def refused(status: int) -> ApiError:
    return ApiError(status, "Refused", "no")


def with_uid(uid: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"uid": uid, **metadata}}


async def test_a_resource_that_has_no_status_to_write_to_is_forgotten() -> None:
    made, usecases = resource(Refusing(ABSENT))
    with pytest.raises(Gone):
        await made.write_status(make_usecase(), {})
    assert usecases.uids() == []


async def test_a_status_that_meets_another_resource_of_the_name_ends_the_old_one() -> None:
    made, usecases = resource(Refusing(refused(409), with_uid("another")))
    with pytest.raises(Gone):
        await made.write_status(make_usecase(), {})
    assert usecases.uids() == []


@pytest.mark.parametrize("error", [refused(0), refused(409), refused(500), NO_SUCH_KIND])
async def test_a_status_that_did_not_arrive_is_a_failure_of_the_pass(error: ApiError) -> None:
    made, usecases = resource(Refusing(error, with_uid(UID, deletionTimestamp="now")))
    with pytest.raises(ApiError):
        await made.write_status(make_usecase(), {})
    assert usecases.uids() == [UID]
    assert (usecases.body(UID) or {})["status"] == admitted(body(), schema())["status"]


async def test_nobody_is_held_who_is_not_there() -> None:
    made, usecases = resource(Refusing(ABSENT))
    with pytest.raises(Gone):
        await made.add_finalizer(make_usecase(), "1")
    assert usecases.uids() == []


async def test_whoever_changed_meanwhile_is_read_again() -> None:
    made, _ = resource(Refusing(TEST_FAILED))
    with pytest.raises(Retry):
        await made.add_finalizer(make_usecase(), "1")


@pytest.mark.parametrize("error", [DENIED, INVALID])
async def test_a_policy_that_refuses_the_finalizer_is_no_change_meanwhile(error: ApiError) -> None:
    """It would be asked again twice a second, for ever, and nobody would be told."""
    made, _ = resource(Refusing(error))
    with pytest.raises(ApiError) as refused:
        await made.add_finalizer(make_usecase(), "1")
    assert refused.value is error


async def test_the_end_of_a_resource_that_went_by_itself_is_its_end() -> None:
    found = admitted(body(), schema())
    found["metadata"]["finalizers"] = [FINALIZER]
    made, usecases = resource(Refusing(ABSENT))
    await made.let_go(parse(found))
    assert usecases.uids() == []


@pytest.mark.parametrize(
    ("found", "known"),
    [
        pytest.param(None, [], id="gone"),
        pytest.param(with_uid("another"), [], id="another has its name"),
        pytest.param(with_uid(UID, deletionTimestamp="now"), [UID], id="being deleted"),
    ],
)
async def test_nothing_is_made_again_for_who_does_not_want_it(found: dict[str, Any] | None, known: list[str]) -> None:
    made, usecases = resource(Refusing(ABSENT, found))
    with pytest.raises(Gone):
        await made.confirm(make_usecase())
    assert usecases.uids() == known


async def test_who_is_there_is_confirmed() -> None:
    made, _ = resource(Refusing(ABSENT, with_uid(UID)))
    await made.confirm(make_usecase())
