"""Counts by key in a window of time, in this process: what a throttle still knows when Redis is away.

Pure but for the clock it is given. Bounded: the oldest counts are dropped first.
"""

import time
from collections.abc import Callable

MOST_KEYS = 10_000


class Attempts:
    """A window opens with a key's first attempt and ends `seconds` later, whatever comes in between."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._counts: dict[str, tuple[int, float]] = {}

    def add(self, key: str) -> tuple[int, float]:
        """One more: how many that makes in the window, and how long the window still lasts."""
        now = self._clock()
        count, ends = self._counts.pop(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + self._seconds
        self._counts[key] = count + 1, ends
        if len(self._counts) > MOST_KEYS:
            del self._counts[next(iter(self._counts))]
        return count + 1, ends - now

    def learn(self, key: str, count: int, seconds: float) -> None:
        """What all replicas together have counted, in a window that lasts for so many more `seconds`."""
        self._counts[key] = count, self._clock() + seconds

    def take_back(self, key: str) -> None:
        """One less: that attempt was a good one."""
        count, ends = self._counts.get(key, (0, 0.0))
        if count > 1:
            self._counts[key] = count - 1, ends
        else:
            self.forget(key)

    def forget(self, key: str) -> None:
        """None at all."""
        self._counts.pop(key, None)
