"""How late what waits in the database is, measured where it is stored.

Started by `main`. Who should do the work may be the one that fails, so it is not asked; every replica tells the same.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from prometheus_client import Gauge

from usecase_postgres_data.database import ACQUIRE_SECONDS, FAILURE, Pool, Pooled
from usecase_postgres_data.store import reminders

LOOK_SECONDS = 5.0

OLDEST = Gauge("reminders_oldest_due_seconds", "How long the oldest reminder has been due and is not dispatched")


async def watch_reminders(pool: Pool) -> None:
    """Keep the gauge true. Runs until cancelled."""
    await keep_true(OLDEST, pool, reminders.oldest_due)


async def keep_true(gauge: Gauge, pool: Pool, read: Callable[[Pooled], Awaitable[float]]) -> None:
    """Set *gauge* to what *read* finds, again and again; a database that fails leaves it as it was."""
    while True:
        with suppress(*FAILURE):
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                gauge.set(await read(connection))
        await asyncio.sleep(LOOK_SECONDS)
