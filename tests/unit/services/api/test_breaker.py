"""When a peer is left alone, and when it is tried again."""

import asyncio

import pytest

from usecase_api.breaker import OPEN, Breaker, CircuitOpen


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("peer", OSError, failures=3, seconds=2, clock=clock)


def call(breaker: Breaker, error: Exception | None = None) -> str:
    """One call that ends so; what became of it."""
    try:
        with breaker.around():
            if error:
                raise error
    except CircuitOpen:
        return "not tried"
    except Exception as raised:
        return type(raised).__name__
    return "worked"


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    assert [call(breaker, OSError()) for _ in range(5)] == ["OSError"] * 3 + ["not tried"] * 2


def test_a_success_in_between_starts_the_count_again(breaker: Breaker) -> None:
    for _ in range(2):
        call(breaker, OSError())
    call(breaker)
    assert [call(breaker, OSError()) for _ in range(3)] == ["OSError"] * 3


def test_a_refusal_is_no_failure_of_the_peer(breaker: Breaker) -> None:
    assert [call(breaker, ValueError()) for _ in range(9)] == ["ValueError"] * 9


def test_one_call_tries_after_the_pause_and_decides_for_all(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        call(breaker, OSError())
    clock.now += 1.9
    assert call(breaker) == "not tried"
    clock.now += 0.2
    with breaker.around():
        assert call(breaker) == "not tried", "the trial is under way"
    assert [call(breaker), call(breaker)] == ["worked", "worked"]


def test_a_trial_that_fails_begins_another_pause(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        call(breaker, OSError())
    clock.now += 2.1
    assert call(breaker, OSError()) == "OSError"
    clock.now += 1.9
    assert call(breaker) == "not tried"


def test_a_trial_that_is_cancelled_leaves_the_trial_to_the_next(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        call(breaker, OSError())
    clock.now += 2.1
    with pytest.raises(asyncio.CancelledError), breaker.around():
        raise asyncio.CancelledError
    assert call(breaker) == "worked"


def test_it_says_how_long_and_shows_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        call(breaker, OSError())
    clock.now += 0.5
    with pytest.raises(CircuitOpen, match="peer is not available") as left_alone, breaker.around():
        pass
    assert left_alone.value.seconds == 1.5
    assert OPEN.labels("peer")._value.get() == 1
    clock.now += 2
    call(breaker)
    assert OPEN.labels("peer")._value.get() == 0
