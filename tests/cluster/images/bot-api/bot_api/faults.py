"""What goes wrong on demand. A fault waits for a call it is meant for, then lasts for its calls or its seconds."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot_api.refusal import Refusal

KINDS = ("flood", "status", "html", "silence", "disconnect", "lost_answer")
EVERY_METHOD = "*"


@dataclass
class Fault:
    """`flood`: 429 for `seconds`, counted from the first call that it meets, as `retry_after` says each time.
    `status`: that status, in Telegram's JSON; `html`: the same from a gateway in between. `silence`: no answer for
    `seconds`, then the connection breaks. `disconnect`: it breaks at once. `lost_answer`: the call is worked on, then
    it breaks. All but a flood last for `times` calls, or (`times` null) for `seconds` from now.
    """

    kind: str
    method: str
    seconds: float
    times: int | None
    status: int
    ends: float | None = None

    def refusal(self, now: float) -> Refusal:
        """The answer of a `flood` or `status`."""
        if self.kind == "flood":
            left = math.ceil((self.ends or now) - now)
            return Refusal(429, f"Too Many Requests: retry after {left}", retry_after=max(1, left))
        return Refusal(self.status, {500: "Internal Server Error", 502: "Bad Gateway"}.get(self.status, "Fault"))


class Faults:
    """The faults that are set, in order."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._faults: list[Fault] = []
        self._now = clock
        self.changed = asyncio.Event()

    def add(self, wanted: dict[str, Any]) -> Fault:
        """From a control request; ValueError says what is wrong with it."""
        kind, times = wanted.get("kind"), wanted.get("times")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        seconds = float(wanted.get("seconds", 0))
        if kind in ("flood", "silence") and seconds <= 0:
            raise ValueError(f"a {kind} needs seconds")
        if kind != "flood" and times is None and seconds <= 0:
            raise ValueError("say for how many calls (times) or for how long (seconds)")
        fault = Fault(
            kind, str(wanted.get("method", EVERY_METHOD)), seconds,
            int(times) if times is not None else None, int(wanted.get("status", 502)),
        )  # fmt: skip
        fault.ends = self._now() + seconds if times is None and kind != "flood" else None
        self._faults.append(fault)
        self.changed.set()
        return fault

    def meet(self, method: str) -> Fault | None:
        """The fault that this call runs into, used up by it where it counts calls."""
        now = self._now()
        self._faults = [each for each in self._faults if each.ends is None or each.ends > now]
        for fault in self._faults:
            if fault.method not in (EVERY_METHOD, method):
                continue
            if fault.kind == "flood":
                fault.ends = fault.ends or now + fault.seconds
            elif fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self._faults.clear()
