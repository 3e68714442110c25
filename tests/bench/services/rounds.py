"""Which rounds count: one whose floor fell too low, or strayed from the others, measured the neighbours. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SPREAD = 0.15


@dataclass(frozen=True)
class Round:
    """A floor and what was measured right beside it; `ratio` is what the bound is about."""

    floor: float
    measured: float
    ratio: float


def summary(rounds: Sequence[Round], lowest: float = 0) -> dict[str, Any]:
    """The median ratio over the rounds that count; void is one whose floor is under *lowest*, or strays from the median
    of the floors that are not by more than half of SPREAD.
    """
    high_enough = [each for each in rounds if each.floor >= lowest]
    middle = statistics.median(each.floor for each in high_enough) if high_enough else 0
    counted = [each for each in high_enough if abs(each.floor - middle) <= middle * SPREAD / 2]
    return {
        "ratio": round(statistics.median(each.ratio for each in counted), 3) if counted else None,
        "floor": round(statistics.median(each.floor for each in counted), 1) if counted else None,
        "measured": round(statistics.median(each.measured for each in counted), 1) if counted else None,
        "rounds": [[round(each.floor, 1), round(each.measured, 1), round(each.ratio, 3)] for each in rounds],
        "void": len(rounds) - len(counted),
    }
