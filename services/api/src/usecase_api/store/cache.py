"""Answers that are kept in Redis for a minute, never a source of truth.

Each user has a generation, a random word that every change replaces; an entry is good only under the generation
that was read before its answer was asked for. So a slow reader cannot put back what a change has made old, and one
write forgets all that is kept of a user. A generation that was lost makes entries useless, not wrong.
"""

import secrets
import time
from collections.abc import Awaitable, Callable

from usecase_api.store.shared import Shared

ENTRY_SECONDS = 60
"""How old an answer can be at most, if a replica dies between a change and its forgetting."""
GENERATION_SECONDS = 600
_WORD_BYTES = 8


class Cache:
    """Keys are `tasks:user:<id>:…`: whose entry it is stands in its name, so nobody reads another's."""

    def __init__(self, shared: Shared, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared, self._clock = shared, clock
        self._blind_until = 0.0

    async def read(self, user_id: int, name: str, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """The entry `name` of a user, or what `ask` says, which is then kept."""
        generation_key, entry_key = _key(user_id, "generation"), _key(user_id, name)
        found = None
        if self._clock() >= self._blind_until:
            found = await self._shared.run(
                ("SET", generation_key, secrets.token_bytes(_WORD_BYTES), "NX", "EX", GENERATION_SECONDS),
                ("MGET", generation_key, entry_key),
            )
        if found is None:
            return await ask()
        generation, entry = found[1]
        if generation is not None and entry is not None and entry.startswith(generation):
            return bytes(entry[_WORD_BYTES:])
        answer = await ask()
        if generation is not None:
            await self._shared.run(("SET", entry_key, generation + answer, "EX", ENTRY_SECONDS))
        return answer

    async def forget(self, user_id: int) -> None:
        """Something of this user's has changed, or may have.

        If Redis does not take that, this replica reads nothing from it until all that is old is gone.
        """
        word = secrets.token_bytes(_WORD_BYTES)
        if await self._shared.run(("SET", _key(user_id, "generation"), word, "EX", GENERATION_SECONDS)) is None:
            self._blind_until = self._clock() + ENTRY_SECONDS


def _key(user_id: int, name: str) -> str:
    return f"tasks:user:{user_id}:{name}"
