"""When a status is worth a write. Pure: `settle` asks before it writes, and says when it has written.

At once where somebody waits for it; else at pauses that grow, since a roll-out of six components changes the status
some twenty times, and each write costs the API server as much as a child (decision 24).
"""

from dataclasses import dataclass

from usecase_operator import reasons
from usecase_operator.status import Status

# Pauses between two writes in which nothing but progress is new, in seconds.
PAUSES = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
# The longest of them where something else than the roll-out moves: a person may be looking for the cause.
LONGEST_SETTLED = 15.0


@dataclass(slots=True)
class Pace:
    """How a UseCase's status is written: *written* last at that moment, *step* in `PAUSES` since."""

    written: float = float("-inf")
    step: int = 0

    def wait(self, before: Status, after: Status, moment: float) -> float:
        """Seconds until *after* is worth a write over *before*, which stands there; 0: now."""
        if urgent(before, after):
            return 0.0
        return max(0.0, self.written + pause(self.step, before, after) - moment)

    def wrote(self, before: Status, after: Status, moment: float) -> None:
        self.written = moment
        self.step = 0 if urgent(before, after) else min(self.step + 1, len(PAUSES) - 1)


def urgent(before: Status, after: Status) -> bool:
    """Whether somebody may wait for this: a condition changed its status, or a later pass has to remember it."""
    statuses = [{each.type: each.status for each in found.conditions} for found in (before, after)]
    made = [found.messaging.inventory if found.messaging else None for found in (before, after)]
    return statuses[0] != statuses[1] or made[0] != made[1] or _numbers(before) != _numbers(after)


def pause(step: int, before: Status, after: Status) -> float:
    """Seconds between two writes: they grow beyond `LONGEST_SETTLED` only while the same roll-out goes on."""
    told, found = before.condition(reasons.READY), after.condition(reasons.READY)
    goes_on = told and found and found.status == "Unknown" and found.reason == told.reason
    return PAUSES[step] if goes_on else min(PAUSES[step], LONGEST_SETTLED)


def _numbers(status: Status) -> dict[str, tuple[object, ...]]:
    """What passes decide the number of pods by: forgotten, they would undo what a person said meanwhile."""
    return {
        each.name: (each.scaling_mode, said.from_spec, said.desired if said.source == "Manual" else None)
        for each in status.components
        if (said := each.replicas)
    }
