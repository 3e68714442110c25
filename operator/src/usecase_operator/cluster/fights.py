"""Damage is repaired at once; a war over a child is not fed: who changes it again and again is answered ever later.

`writer` asks before it puts something back. Knows of children by name only, since one that is deleted and made again is
the same to whoever fights for it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# So often a child is put back without a pause; then after 1, 2, 4, … seconds.
AT_ONCE = 4
LONGEST_PAUSE = 30.0
# Without damage for so long, a fight is over.
PEACE = 120.0

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fight:
    """*rounds*: how often it was put back, last at *at*."""

    at: float
    rounds: int


class Fights:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fights: OrderedDict[tuple[str, Key], Fight] = OrderedDict()  # the oldest first

    def pause(self, owner: str, key: Key) -> float:
        """Seconds until this child of *owner* may be put back; 0: now."""
        fight = self._fights.get((owner, key))
        if fight is None or fight.rounds < AT_ONCE:
            return 0.0
        return max(0.0, fight.at + min(LONGEST_PAUSE, 2.0 ** (fight.rounds - AT_ONCE)) - self._clock())

    def repaired(self, owner: str, key: Key) -> None:
        now = self._clock()
        while self._fights and next(iter(self._fights.values())).at < now - PEACE:
            self._fights.popitem(last=False)
        before = self._fights.pop((owner, key), None)
        self._fights[owner, key] = Fight(now, before.rounds + 1 if before else 1)
