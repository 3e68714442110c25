"""Answers that are kept in Redis for a minute, never a source of truth.

Each user has a generation, a random word that every change replaces; an entry is good only under the generation
that was read before its answer was asked for. So a slow reader cannot put back what a change has made old, and one
write forgets all that is kept of a user. A generation that was lost makes entries useless, not wrong.

A change that Redis did not hear of is remembered, and told before an entry is asked for again: until then this replica
reads nothing there, while the others may read what is old.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

from usecase_api.store.shared import Shared

ENTRY_SECONDS = 60
"""How old an answer can be at most, if a replica dies between a change and its forgetting."""
GENERATION_SECONDS = 600
MOST_UNTOLD = 1000
"""Users whose changes are remembered at most for a Redis that is away."""
_WORD_BYTES = 8


class Cache:
    """Keys are `tasks:user:<id>:…`: whose entry it is stands in its name, so nobody reads another's."""

    def __init__(self, shared: Shared, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared, self._clock = shared, clock
        self._untold: dict[int, float] = {}
        """User → until when entries of before the change may be there."""
        self._telling = False
        self._blind_until = 0.0

    async def read(self, user_id: int, name: str, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """The entry `name` of a user, or what `ask` says, which is then kept."""
        generation_key, entry_key = _key(user_id, "generation"), _key(user_id, name)
        found = None
        if await self._told():
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
        """Something of this user's has changed, or may have."""
        taken = False
        try:
            await self._told()
            taken = await self._renew([user_id])
        finally:  # a caller that is cut off has made its change, too
            if not taken:
                self._remember({user_id: self._clock() + ENTRY_SECONDS})

    async def _told(self) -> bool:
        """Whether Redis has heard of every change that was made here. What it missed it is told now."""
        now = self._clock()
        self._untold = {user_id: until for user_id, until in self._untold.items() if until > now}
        if self._untold and not self._telling:
            telling, self._untold, self._telling = self._untold, {}, True
            taken = False
            try:
                taken = await self._renew(telling)
            finally:
                self._telling = False
                if not taken:
                    self._remember(telling)
        # Another change may have been missed meanwhile, by one of these users, too: it was not among those told.
        return not (self._untold or self._telling) and now >= self._blind_until

    async def _renew(self, user_ids: Collection[int]) -> bool:
        """Give each a new generation; whether Redis took that. The word of an earlier try would not do: entries under
        it may be there by now.
        """
        commands = [
            ("SET", _key(user_id, "generation"), secrets.token_bytes(_WORD_BYTES), "EX", GENERATION_SECONDS)
            for user_id in user_ids
        ]
        return await self._shared.run(*commands) is not None

    def _remember(self, untold: Mapping[int, float]) -> None:
        self._untold = {**untold, **self._untold}
        if len(self._untold) > MOST_UNTOLD:
            # Too many to tell: nothing is read from Redis until all that is old is gone.
            self._untold = {}
            self._blind_until = self._clock() + ENTRY_SECONDS


def _key(user_id: int, name: str) -> str:
    return f"tasks:user:{user_id}:{name}"
