"""Which rounds count: one between floors that are too far apart, or too slow, measured the neighbours. Pure."""

import statistics
from collections.abc import Sequence
from typing import Any

SPREAD = 0.15
APPLIES = 100.0


def summary(floors: Sequence[float], rates: Sequence[float], applies: int) -> dict[str, Any]:
    """The median ratio of *rates* to the floors around each: one more floor than rates, all in use cases a second.

    *applies*: of one use case. A round is void if its two floors differ by more than SPREAD, or one of them sent fewer
    than APPLIES a second. `ratio` is None if none counts.
    """
    rounds = []
    for before, rate, after in zip(floors, rates, floors[1:], strict=False):
        floor = (before + after) / 2
        counts = abs(before - after) <= SPREAD * floor and min(before, after) * applies >= APPLIES
        rounds.append({"floor": floor, "rate": rate, "ratio": rate / floor, "counts": counts})
    counted = [each["ratio"] for each in rounds if each["counts"]]
    return {"ratio": statistics.median(counted) if counted else None, "rounds": rounds}
