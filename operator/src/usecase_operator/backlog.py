"""Queue lengths as a status may say them: in buckets, so that a resource rests while its queues move."""


def bucket(messages: int) -> str:
    """`0`, `1-9`, `10-99`, …: the decade that *messages* falls into."""
    if messages <= 0:
        return "0"
    digits = len(str(messages))
    return f"{10 ** (digits - 1)}-{10**digits - 1}"
