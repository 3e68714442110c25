"""Passwords are hashed, and only the right one matches."""

import asyncio

import pytest

from usecase_api.passwords import Passwords


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
