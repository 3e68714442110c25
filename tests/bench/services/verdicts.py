"""Which bound each measure has, and whether it was met: the table of docs/reference/services-bench.md. Pure."""

import operator
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Report = Mapping[str, Any]
HOLDS = {"≥": operator.ge, ">": operator.gt, "≤": operator.le, "<": operator.lt}
EVERYBODY, ALONE = "all six at work", "api and postgres-data alone"
SINGLE, COALESCED = "create / raw asyncpg, one transaction per create", "create / raw asyncpg, coalesced"
LOAD_TEST, RELAY = "seed load test", "outbox relay drain / windowed confirms"
EVENTS = "publish to analytics p99 / bare p99"
MEMORY, STARTS = "memory MiB", "start to ready s"
BOT = "bot"


@dataclass(frozen=True)
class Verdict:
    """One row: a measure, what was found (None where no round counts) and how that compares to its limit."""

    measure: str
    found: float | None
    sign: str
    limit: float

    @property
    def bound(self) -> str:
        return f"{self.sign} {self.limit:g}"

    @property
    def met(self) -> bool:
        """What was not measured is not met."""
        return self.found is not None and bool(HOLDS[self.sign](self.found, self.limit))


def verdicts(report: Report) -> list[Verdict]:
    """All measures that have a bound, of the report that `__main__` gathers."""
    return list(_verdicts(report))


def _verdicts(report: Report) -> Iterator[Verdict]:
    for measure, limit in ((SINGLE, 0.2), (COALESCED, 0.25)):
        for who in (ALONE, EVERYBODY):
            yield Verdict(f"{measure}, {who}", report[measure][who]["ratio"], "≥", limit)
    # An absolute number: no floor can void its rounds.
    rates = [measured for _, measured, _ in report[COALESCED][EVERYBODY]["rounds"]]
    yield Verdict(f"creates/s, {EVERYBODY}: 15 × the seed's 50", round(statistics.median(rates)), "≥", 750)
    yield Verdict(f"{LOAD_TEST}, tasks/s", report[LOAD_TEST]["tasks_per_second"], ">", 50)
    yield Verdict(f"{LOAD_TEST}, s", report[LOAD_TEST]["seconds"], "<", 10)
    yield Verdict(EVENTS, report[EVENTS]["ratio"], "≤", 3)
    yield Verdict(RELAY, report[RELAY]["ratio"], "≥", 0.6)
    idle, peak, starts = report[MEMORY]["idle"], report[MEMORY]["most under load"], report[STARTS]
    yield Verdict("memory idle, MiB, the largest but the bot", _largest_but_bot(idle), "≤", 90)
    yield Verdict("memory idle, MiB, bot", idle[BOT], "≤", 110)
    yield Verdict("memory under load, MiB, the largest", max(peak.values()), "≤", 160)
    yield Verdict("start to ready, s, the slowest but the bot", _largest_but_bot(starts), "≤", 1)
    yield Verdict("start to ready, s, bot", starts[BOT], "≤", 2)


def _largest_but_bot(of_services: Mapping[str, float]) -> float:
    return max(value for name, value in of_services.items() if name != BOT)


def as_json(found: Sequence[Verdict]) -> list[dict[str, Any]]:
    """One object a measure."""
    return [{"measure": each.measure, "found": each.found, "bound": each.bound, "met": each.met} for each in found]


def as_markdown(found: Sequence[Verdict]) -> str:
    """The same as a table."""
    rows = [
        f"| {each.measure} | {'void' if each.found is None else f'{each.found:g}'} | {each.bound} |"
        f" {'yes' if each.met else '**no**'} |"
        for each in found
    ]
    return "\n".join(["| measure | found | bound | met |", "|---|---|---|---|", *rows])
