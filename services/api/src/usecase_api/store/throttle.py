"""How often somebody may try to log in, by name and by address, and how often an address may register: in all replicas
together while Redis answers.

Without Redis each replica counts alone, so that N replicas allow N times as much for that while; it never opens.
"""

import math

from usecase_api.attempts import Attempts
from usecase_api.store.shared import Command, Shared
from usecase_api.tokens import digest
from usecase_http.problem import Problem


class Throttle:
    """Everything counts when it begins, in a window of so many `seconds`. An attempt to log in is taken back unless the
    password was wrong.
    """

    def __init__(
        self, shared: Shared, *, per_name: int, per_address: int, registrations_per_address: int, seconds: int
    ) -> None:
        self._shared, self._seconds = shared, seconds
        self._per_name, self._per_address = per_name, per_address
        self._registrations_per_address = registrations_per_address
        self._own = Attempts(seconds)

    async def enter(self, name: str, address: str) -> None:
        """Begin an attempt to log in; a Problem (429) when there were too many for this name or from this address."""
        for key, most in ((_name_key(name), self._per_name), (_address_key(address), self._per_address)):
            await self._count(key, most, "too many attempts to log in: wait")

    async def succeeded(self, name: str, address: str) -> None:
        """The password was right: the name starts again, and the address did nothing wrong."""
        key = _address_key(address)
        self._own.forget(_name_key(name))
        self._own.take_back(key)
        await self._shared.run(("DEL", _name_key(name)), ("DECR", key), ("EXPIRE", key, self._seconds, "NX"))

    async def undecided(self, name: str, address: str) -> None:
        """Nobody could say whether the password was right: then nothing was guessed."""
        commands = list[Command]()
        for key in (_name_key(name), _address_key(address)):
            self._own.take_back(key)
            commands += [("DECR", key), ("EXPIRE", key, self._seconds, "NX")]
        await self._shared.run(*commands)

    async def register(self, address: str) -> None:
        """Begin a registration; a Problem (429) when there were too many from this address."""
        key = f"register:address:{address}"
        await self._count(key, self._registrations_per_address, "too many registrations from this address: wait")

    async def _count(self, key: str, most: int, refusal: str) -> None:
        count, left = self._own.add(key)
        shared = await self._shared.run(("INCR", key), ("EXPIRE", key, self._seconds, "NX"), ("TTL", key))
        if shared is not None:  # it knows of good passwords, too, that other replicas have seen
            count, left = shared[0], max(shared[2], 1)
            self._own.learn(key, count, left)
        if count > most:
            raise Problem(429, refusal, "too-many-attempts", retry_after=math.ceil(left))


def _name_key(name: str) -> str:
    return f"login:name:{digest(name.lower())}"


def _address_key(address: str) -> str:
    return f"login:address:{address}"
