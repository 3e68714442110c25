"""How often a key was tried in its window."""

import pytest

from unit.services.api.test_breaker import Clock
from usecase_api import attempts as module
from usecase_api.attempts import Attempts


def test_a_window_opens_with_the_first_attempt_and_ends() -> None:
    clock = Clock()
    attempts = Attempts(60, clock)
    assert attempts.add("a") == (1, 60)
    clock.now += 20
    assert attempts.add("a") == (2, 40)
    assert attempts.add("b") == (1, 60)
    clock.now += 40
    assert attempts.add("a") == (1, 60)


def test_a_good_attempt_is_taken_back() -> None:
    attempts = Attempts(60)
    attempts.add("a")
    attempts.add("a")
    attempts.take_back("a")
    assert attempts.add("a")[0] == 2
    attempts.forget("a")
    assert attempts.add("a")[0] == 1
    attempts.take_back("nobody")
    assert attempts.add("nobody")[0] == 1


def test_what_others_counted_goes_before_what_was_counted_here() -> None:
    clock = Clock()
    attempts = Attempts(60, clock)
    for _ in range(9):
        attempts.add("a")
    attempts.learn("a", 1, 30)
    assert attempts.add("a") == (2, 30)
    clock.now += 30
    assert attempts.add("a") == (1, 60)


def test_the_oldest_keys_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 3)
    attempts = Attempts(60)
    for key in "abcd":
        attempts.add(key)
    assert attempts.add("d")[0] == 2
    assert attempts.add("a")[0] == 1
