"""How a data service's answers and outages read to our caller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from unit.services.api.peers import Answer, DataService, client_of
from usecase_api.breaker import FAILURES
from usecase_api.store.peer import Peer
from usecase_http import client as http_module
from usecase_http.problem import Problem
from usecase_runtime.errors import NotDone, NotFound


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "FIRST_WAIT_SECONDS", 0)


@asynccontextmanager
async def peer_that_says(answer: Answer) -> AsyncIterator[tuple[Peer, DataService]]:
    service = DataService(lambda _: answer)
    async with client_of(service) as client:
        yield Peer("postgres-data", client), service


async def problem_of(answer: Answer, repeatable: bool = True) -> Problem:
    async with peer_that_says(answer) as (peer, _):
        with pytest.raises(Problem) as raised:
            await peer.call("POST", "/x", b"{}", repeatable=repeatable)
    return raised.value


async def test_a_refusal_is_passed_on_with_its_reasons() -> None:
    errors = [{"field": "username", "message": "is taken"}]
    said = {"type": "urn:usecase:user-exists", "detail": "this username is taken", "errors": errors}
    problem = await problem_of((409, said))
    assert (problem.status, problem.members["type"]) == (409, "urn:usecase:user-exists")
    assert (problem.members["detail"], problem.members["errors"]) == ("this username is taken", errors)


@pytest.mark.parametrize("body", ["no problem body", None, {"type": 5}, []])
async def test_a_refusal_without_a_reason_is_one_all_the_same(body: object) -> None:
    assert (await problem_of((422, body))).status == 422


async def test_not_found_is_for_whoever_knows_what() -> None:
    async with peer_that_says((404, {})) as (peer, _):
        with pytest.raises(NotFound):
            await peer.call("GET", "/x")


@pytest.mark.parametrize(
    ("answer", "repeatable", "slug", "retry"),
    [
        pytest.param((503, {}), True, "unavailable", "2", id="away, and harmless to repeat"),
        pytest.param((500, {}), True, "unavailable", "2", id="broken, and harmless to repeat"),
        pytest.param((503, {}), False, "outcome-unknown", None, id="away, and who knows what was done"),
        pytest.param((503, {}, {"retry-after": "1"}), False, "unavailable", "2", id="turned away at the door"),
        pytest.param((401, {}), True, "unavailable", "2", id="the wrong internal credential is no fault of users"),
    ],
)
async def test_an_outage_is_a_503(answer: Answer, repeatable: bool, slug: str, retry: str | None) -> None:
    problem = await problem_of(answer, repeatable)
    assert (problem.status, problem.headers.get("retry-after")) == (503, retry)
    assert problem.members["type"] == f"urn:usecase:{slug}"


async def test_a_peer_that_is_away_is_left_alone() -> None:
    async with peer_that_says((503, {})) as (peer, service):
        for _ in range(FAILURES):
            with pytest.raises(Problem):
                await peer.call("GET", "/x")
        asked = len(service.asked)
        with pytest.raises(NotDone):
            await peer.attempt("POST", "/x", b"{}")
        with pytest.raises(Problem) as refused:
            await peer.call("POST", "/x", b"{}", repeatable=False)
        assert len(service.asked) == asked == 3 * FAILURES
    assert refused.value.headers["retry-after"] == "2"


async def test_a_request_that_breaks_the_peer_keeps_nobody_else_away() -> None:
    async with peer_that_says((500, {})) as (peer, service):
        for _ in range(FAILURES + 2):
            with pytest.raises(Problem):
                await peer.call("GET", "/x")
        assert len(service.asked) == 3 * (FAILURES + 2)
