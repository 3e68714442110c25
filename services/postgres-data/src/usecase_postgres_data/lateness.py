"""How late reminders are, measured where they are stored.

Started by `main`. Whoever dispatches them may be the one that fails, so it is not asked; every replica tells the same.
"""

import asyncio
from contextlib import suppress

from prometheus_client import Gauge

from usecase_postgres_data.database import ACQUIRE_SECONDS, FAILURE, Pool
from usecase_postgres_data.store import reminders

LOOK_SECONDS = 5.0

OLDEST = Gauge("reminders_oldest_due_seconds", "How long the oldest reminder has been due and is not dispatched")


async def watch_reminders(pool: Pool) -> None:
    """Keep the gauge true. Runs until cancelled."""
    while True:
        with suppress(*FAILURE):
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                OLDEST.set(await reminders.oldest_due(connection))
        await asyncio.sleep(LOOK_SECONDS)
