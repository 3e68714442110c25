"""The Lease by a clock of our own: who may write, and from when on he may not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from usecase_operator.cluster.client import ApiError
from usecase_operator.cluster.lease import DURATION, RENEW, Lease, NotLeading


class Server:
    """One Lease, with the API server's rule: a write needs the version that was read. *meanwhile* happens once,
    between the next GET and its answer, or (*meanwhile_put*) just before the next PUT.
    """

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.down = False
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.meanwhile_put: Callable[[], Awaitable[object]] | None = None

    async def request(self, method: str, url: str, body: Any = None) -> Any:
        if self.down:
            raise ApiError(0, "Unavailable", "down")
        if method == "GET":
            if happens := self.meanwhile:
                self.meanwhile = None
                await happens()
            if self.lease is None:
                raise ApiError(404, "NotFound", "")
            return {**self.lease, "spec": dict(self.lease["spec"]), "metadata": dict(self.lease["metadata"])}
        if happens := self.meanwhile_put:
            self.meanwhile_put = None
            await happens()
        read = body["metadata"].get("resourceVersion")
        if read != (self.lease["metadata"]["resourceVersion"] if self.lease else None):
            raise ApiError(409, "Conflict", "")
        self.version += 1
        self.lease = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        return self.lease


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def candidate(server: Server, clock: Clock, name: str) -> Lease:
    return Lease(server, "ns", "lease", name, clock)


async def test_the_first_who_asks_leads_and_the_second_waits(server: Server, clock: Clock) -> None:
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    assert await one.attempt()
    assert not await two.attempt()
    assert one.leading
    assert not two.leading
    with pytest.raises(NotLeading):
        two.guard()


async def test_a_leader_that_is_silent_is_succeeded_and_stopped_before(server: Server, clock: Clock) -> None:
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    await one.attempt()
    await two.attempt()
    clock.now += RENEW + 0.1
    assert not one.leading, "it stops writing"
    assert not await two.attempt(), "before anybody may begin"
    clock.now += DURATION - RENEW
    assert await two.attempt()
    assert (server.lease or {})["spec"]["leaseTransitions"] == 2


async def test_a_standby_that_has_just_begun_gives_the_holder_his_time(server: Server, clock: Clock) -> None:
    await candidate(server, clock, "one").attempt()
    clock.now += 1000
    late = candidate(server, clock, "late")
    assert not await late.attempt(), "it has not seen the Lease rest yet"
    clock.now += DURATION
    assert await late.attempt()


async def test_a_released_lease_is_free_at_once(server: Server, clock: Clock) -> None:
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    await one.attempt()
    await one.release()
    assert not one.leading
    assert await two.attempt()


async def test_who_was_slower_does_not_lead(server: Server, clock: Clock) -> None:
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    read = await two._get_or_new()
    await one.attempt()
    with pytest.raises(ApiError):
        await server.request("PUT", "", {**read, "metadata": {**read["metadata"], "resourceVersion": "0"}})
    assert not await two.attempt()


async def test_leading_counts_from_before_the_request_was_sent(server: Server, clock: Clock) -> None:
    one = candidate(server, clock, "one")
    original = server.request

    async def slow(method: str, url: str, body: Any = None) -> Any:
        clock.now += 2
        return await original(method, url, body)

    server.request = slow  # type: ignore[method-assign]
    began = clock.now
    await one.attempt()
    clock.now = began + RENEW
    assert not one.leading


async def test_a_renewal_that_a_slow_answer_brings_counts_from_the_answer(server: Server, clock: Clock) -> None:
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    await one.attempt()
    await two.attempt()

    async def renewed_late() -> None:
        clock.now += 3.9
        await one.attempt()

    server.meanwhile = renewed_late
    asked = clock.now
    assert not await two.attempt()
    renewed = clock.now
    clock.now = asked + DURATION
    assert not await two.attempt(), "the holder's last write may be 11.5 s after its renewal"
    clock.now = renewed + DURATION
    assert await two.attempt()
    assert not one.leading


@pytest.fixture
async def robbed(server: Server, clock: Clock) -> Lease:
    """A leader whose Lease somebody deleted, so that another has taken it."""
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    await one.attempt()
    one.acquired.set()
    server.lease = None
    assert await two.attempt()
    return one


async def test_a_leader_that_reads_of_another_stops_at_once(robbed: Lease) -> None:
    assert not await robbed.attempt()
    assert not robbed.leading


async def test_a_leader_that_reads_of_another_ends(robbed: Lease) -> None:
    await asyncio.wait_for(robbed.hold(), 1)


async def test_a_leader_that_another_overtook_between_reading_and_writing_stops_at_once(
    server: Server, clock: Clock
) -> None:
    one, two = candidate(server, clock, "one"), candidate(server, clock, "two")
    await one.attempt()

    async def taken() -> None:
        server.lease = None
        assert await two.attempt()

    server.meanwhile_put = taken
    assert not await one.attempt()
    assert not one.leading


@pytest.mark.parametrize("answers", [True, False])
async def test_a_label_on_the_lease_costs_nothing_if_the_server_still_says_whose_it_is(
    server: Server, clock: Clock, answers: bool
) -> None:
    one = candidate(server, clock, "one")
    await one.attempt()

    async def labelled() -> None:
        assert server.lease
        server.lease["metadata"] |= {"labels": {"team": "a"}, "resourceVersion": "77"}

        async def silent() -> None:
            raise ApiError(0, "Unavailable", "down")

        server.meanwhile = None if answers else silent

    server.meanwhile_put = labelled
    if answers:
        assert not await one.attempt()
    else:
        with pytest.raises(ApiError):
            await one.attempt()
    assert one.leading is answers
    clock.now += RENEW - 0.1
    assert one.leading is answers, "its time is neither longer nor shorter than before"
    clock.now += 0.2
    assert not one.leading
    assert await one.attempt()
