"""What nobody needs any more, removed once an hour: tombstones, old reminders, spent and expired tokens and codes.

Any replica may do it at any time; the statements find nothing a second time.
"""

import asyncio

import structlog

from usecase_postgres_data.database import ACQUIRE_SECONDS, FAILURE, Pool

INTERVAL_SECONDS = 3600.0
_log = structlog.get_logger()

# A create gives up within a minute; a week leaves a tombstone long enough for whatever was stuck on its way.
_STATEMENTS = (
    "delete from tasks where status in ('failed', 'deleted') and updated_at < now() - interval '7 days'",
    # Sent is remembered so that a late event does not remind again; no event is late by a month.
    "delete from reminders where state in ('sent', 'cancelled')"
    " and coalesce(sent_at, reminder_time) < now() - interval '30 days'",
    "delete from refresh_tokens where expires_at < now()",
    "delete from telegram_link_codes where expires_at < now()",
)


async def keep_house(pool: Pool) -> None:
    """Remove what is over, now and every hour, until cancelled."""
    while True:
        try:
            await clean(pool)
        except FAILURE as error:
            _log.warning("housekeeping put off", reason=f"{type(error).__name__}: {error}")
        await asyncio.sleep(INTERVAL_SECONDS)


async def clean(pool: Pool) -> None:
    """Remove what is over."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        for statement in _STATEMENTS:
            await connection.execute(statement)
