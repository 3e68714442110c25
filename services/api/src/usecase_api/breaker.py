"""A circuit breaker: after some failures in a row a peer is left alone for a moment, then tried by one call.

So an outage costs each caller nothing instead of three tries and their waits. Used around data services and
Redis; knows neither.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

FAILURES = 5
OPEN_SECONDS = 2.0
OPEN = Gauge("circuit_open", "Whether a peer is being left alone", ["peer"])


class CircuitOpen(Exception):  # noqa: N818 - a state, not a fault
    """Not even tried: the peer is being left alone for `seconds` more."""

    def __init__(self, peer: str, seconds: float) -> None:
        super().__init__(f"{peer} is not available")
        self.seconds = seconds


class Breaker:
    """Opens after `failures` in a row, for `seconds`; the next call after that decides for all."""

    def __init__(
        self, peer: str, *failing: type[Exception], failures: int = FAILURES, seconds: float = OPEN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._peer, self._failing, self._limit, self._seconds, self._clock = peer, failing, failures, seconds, clock
        self._failures, self._since, self._trying = 0, 0.0, False
        self._gauge = OPEN.labels(peer)

    @contextmanager
    def around(self) -> Iterator[None]:
        """Around each call. Raises CircuitOpen instead of letting it happen while the peer is left alone."""
        trial = self._failures >= self._limit
        if trial:
            left = self._since + self._seconds - self._clock()
            if left > 0 or self._trying:
                raise CircuitOpen(self._peer, max(left, 0.0))
            self._trying = True
        try:
            yield
        except self._failing:
            self._failed()
            raise
        except Exception:  # the peer answered, though not as was hoped
            self._worked()
            raise
        else:
            self._worked()
        finally:
            self._trying = self._trying and not trial

    def _failed(self) -> None:
        self._failures, self._since = self._failures + 1, self._clock()
        if self._failures >= self._limit:
            self._gauge.set(1)

    def _worked(self) -> None:
        self._failures = 0
        self._gauge.set(0)
