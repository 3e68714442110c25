"""Floor of the operator: the same server-side applies from memory, by bare aiohttp, IN_FLIGHT sequences at once.

No watches, no decisions, no status: what the API server and one Python process can do at most.
"""

import asyncio
import time
from collections.abc import Sequence

import aiohttp

IN_FLIGHT = 32

# Path, field manager, force, body.
Apply = tuple[str, str, bool, bytes]


async def usecases_per_second(session: aiohttp.ClientSession, usecases: Sequence[Sequence[Apply]]) -> float:
    """Send the applies of each use case in order, the use cases side by side; use cases a second."""
    rest = iter(usecases)

    async def send() -> None:
        for applies in rest:
            for path, manager, force, body in applies:
                async with session.patch(
                    path,
                    params={"fieldManager": manager, "force": "true" if force else "false"},
                    data=body,
                    headers={"Content-Type": "application/apply-patch+yaml"},
                ) as answer:
                    assert answer.status in (200, 201), await answer.text()

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(IN_FLIGHT)))
    return len(usecases) / (time.perf_counter() - began)
