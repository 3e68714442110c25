"""What one process of the stack takes: memory and processor time from /proc, and the time it needs to be ready."""

import os
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

from integration.services.stack.stack import BOT_API, Stack

STARTS = 5


def resident_mib(stack: Stack, *, peak: bool = False) -> dict[str, float]:
    """Resident memory of each service now, or the most it ever had."""
    field = "VmHWM:" if peak else "VmRSS:"
    return {
        name: round(_status(member.pid)[field] / 1024, 1) for name, member in stack.members.items() if name != BOT_API
    }


def cpu_seconds(stack: Stack, name: str) -> float:
    """Processor time that a service has used so far, whoever else wanted the processor."""
    fields = Path(f"/proc/{stack.members[name].pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def seconds_to_ready(stack: Stack) -> dict[str, float]:
    """From the start of each process, alone and with its bytecode warm, until /readyz says 200: the median."""
    found = {}
    for name, member in stack.members.items():
        if name != BOT_API:
            times = []
            for _ in range(STARTS):
                member.stop()
                began = time.perf_counter()
                member.resume()
                times.append(time.perf_counter() - began)
            found[name] = round(statistics.median(times), 2)
    return found


def _status(pid: int) -> Mapping[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines if line.startswith("Vm")}
