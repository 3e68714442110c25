"""What nobody needs any more, removed once an hour: tombstones, old reminders, spent and expired tokens and codes.

Any replica may do it at any time; the statements find nothing a second time. In small portions, each kind for itself:
what is much, or fails, holds up nothing else.
"""

import asyncio

import structlog

from usecase_postgres_data.database import ACQUIRE_SECONDS, FAILURE, Pool

INTERVAL_SECONDS = 3600.0
_log = structlog.get_logger()

# A create gives up within a minute; a week leaves a tombstone long enough for whatever was stuck on its way.
_OVER = {
    "tasks": "status in ('failed', 'deleted') and updated_at < now() - interval '7 days'",
    # Sent is remembered so that a late event does not remind again; no event is late by a month.
    "reminders": "state in ('sent', 'cancelled') and coalesce(sent_at, reminder_time) < now() - interval '30 days'",
    "refresh_tokens": "expires_at < now()",
    "telegram_link_codes": "expires_at < now()",
}
_PORTION = 1000


async def keep_house(pool: Pool) -> None:
    """Remove what is over, now and every hour, until cancelled."""
    while True:
        await clean(pool)
        await asyncio.sleep(INTERVAL_SECONDS)


async def clean(pool: Pool) -> None:
    """Remove what is over; what fails is left to the next time."""
    for table, over in _OVER.items():
        # Of two replicas that chose the same portion the second one finds it gone, and leaves the rest to the first.
        statement = (
            f"delete from {table} where ctid = any(array(select ctid from {table} where {over} limit {_PORTION}))"
        )
        try:
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                while await connection.execute(statement) != "DELETE 0":
                    pass
        except FAILURE as error:
            _log.warning("housekeeping put off", table=table, reason=f"{type(error).__name__}: {error}")
