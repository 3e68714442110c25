"""Passwords are hashed, and only the right one matches."""

import asyncio

import pytest

from usecase_api.passwords import MOST_IN_HAND, MOST_NEW, Passwords
from usecase_http.problem import Problem


@pytest.mark.parametrize("password", ["testpass123", "pässwörter ☃", "x" * 128, "a\x00b-c-d-e"])
async def test_the_right_password_matches_and_no_other(password: str) -> None:
    passwords = Passwords()
    hashed = await passwords.hash(password)
    assert hashed.startswith("$argon2id$")
    assert await passwords.matches(password, hashed)
    assert not await passwords.matches(password + "x", hashed)
    assert not await passwords.matches(hashed, hashed)


async def test_nobody_has_a_password() -> None:
    passwords = Passwords()
    assert not await passwords.matches("of nobody", None)
    assert not await passwords.matches("anything", "$x")


async def test_the_loop_goes_on_while_one_is_hashed() -> None:
    hashing = asyncio.create_task(Passwords().hash("testpass123"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_who_comes_when_many_wait_is_sent_away_and_the_others_are_served() -> None:
    passwords = Passwords()
    answers = await asyncio.gather(*(passwords.hash("testpass123") for _ in range(30)), return_exceptions=True)
    refused = [each for each in answers if isinstance(each, Problem)]
    assert len(refused) == 30 - MOST_NEW
    assert {(each.status, each.headers["retry-after"]) for each in refused} == {(503, "1")}
    assert await passwords.matches("testpass123", await passwords.hash("testpass123"))


async def test_who_logs_in_has_places_however_many_register() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("testpass123")
    await passwords.matches("x", None)
    registering = asyncio.gather(*(passwords.hash("x") for _ in range(100)), return_exceptions=True)
    logging_in = asyncio.gather(
        *(passwords.matches("testpass123", hashed) for _ in range(MOST_IN_HAND)), return_exceptions=True
    )
    matched, registered = await logging_in, await registering
    assert [each for each in registered if isinstance(each, str)] == registered[:MOST_NEW]
    assert matched.count(True) == MOST_IN_HAND - MOST_NEW
