"""Passwords, hashed with argon2id in threads: the event loop never waits for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from usecase_http.problem import Problem

# OWASP's second choice: 19 MiB instead of 64, so that a burst of logins fits into a small pod.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
MOST_IN_HAND = 24
MOST_NEW = MOST_IN_HAND // 2
"""Of these, for new passwords: who registers can not keep those out who log in."""
_AT_ONCE = 2
T = TypeVar("T")


class Passwords:
    """Two are worked on at a time, a few wait, and the rest is sent away: who waits here holds a slot of all requests,
    and anybody may ask.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._nobody: str | None = None
        self._in_hand = self._new = 0

    async def hash(self, password: str) -> str:
        """What to keep of a new password. Raises a Problem (503) when too many are asked for at once."""
        if self._new >= MOST_NEW:
            raise _too_many()
        self._new += 1
        try:
            return await self._work(_HASHER.hash, password)
        finally:
            self._new -= 1

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether this is the password. Without a hash (no such user) it takes as long, and is not.

        Raises like `hash`.
        """
        if self._nobody is None:
            self._nobody = await self._work(_HASHER.hash, "of nobody")
        known = self._nobody if hashed is None else hashed
        return await self._work(_verify, password, known) and hashed is not None

    async def _work(self, work: Callable[..., T], *given: str) -> T:
        if self._in_hand >= MOST_IN_HAND:
            raise _too_many()
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._in_hand -= 1


def _too_many() -> Problem:
    return Problem(503, "too many log in or register at once", "unavailable", retry_after=1)


def _verify(password: str, hashed: str) -> bool:
    try:
        return _HASHER.verify(password, hashed)
    except UnknownHashError:
        return False
