"""Waiting for something that another process does, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

POLL_SECONDS = 0.02


async def until(look: Callable[[], Any], seconds: float = 10, *, expected: Any = None, unexpected: Any = None) -> Any:
    """What `look` sees, as soon as it is true (or `expected`, or not `unexpected`); AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        seen = await seen if inspect.isawaitable(seen) else seen
        wanted = seen == expected if expected is not None else bool(seen) if unexpected is None else seen != unexpected
        if wanted:
            return seen
        assert time.monotonic() < deadline, f"after {seconds} s it is still {seen!r}"
        await asyncio.sleep(POLL_SECONDS)
