"""Passwords, hashed with argon2id in threads: the event loop never waits for one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

# OWASP's second choice: 19 MiB instead of 64, so that a burst of logins fits into a small pod.
_HASHER = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))
_AT_ONCE = 2


class Passwords:
    """Two are worked on at a time, the others wait; `MAX_CONCURRENT_REQUESTS` bounds how many."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """What to keep of a new password."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _HASHER.hash, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether this is the password. Without a hash (no such user) it takes as long, and is not."""
        if self._nobody is None:
            self._nobody = await self.hash("of nobody")
        known = self._nobody if hashed is None else hashed
        right = await asyncio.get_running_loop().run_in_executor(self._threads, _verify, password, known)
        return right and hashed is not None


def _verify(password: str, hashed: str) -> bool:
    try:
        return _HASHER.verify(password, hashed)
    except UnknownHashError:
        return False
