"""What queues hold, and how a status may say it: in buckets, so that a resource rests while its queues move."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """What a queue holds. None: the broker has no statistics of it yet, which is not zero."""

    messages: int | None
    consumers: int | None


def bucket(messages: int) -> str:
    """`0`, `1-9`, `10-99`, …: the decade that *messages* falls into."""
    if messages <= 0:
        return "0"
    digits = len(str(messages))
    return f"{10 ** (digits - 1)}-{10**digits - 1}"
