"""Has what is due sent at its time: the moment is postgres-data's clock's, the marking its transaction.

A question is held there until a reminder is due, whoever scheduled it and through whichever replica; so nothing here
is remembered, and several workers may ask at once. The check every `CHECK_INTERVAL_SECONDS` is the backstop.
"""

import asyncio
import math
import time

import structlog
from prometheus_client import Counter

from usecase_contracts.reminders import Dispatched, NextReminder
from usecase_http.client import Client
from usecase_runtime.errors import NotFound, Refused, Unavailable

WAIT_SECONDS = 5
AT_ONCE = 500
PAUSE_SECONDS = 0.2
"""After a failure, and while another worker has in hand what is due."""
DISPATCHED = Counter("reminders_dispatched", "Due reminders marked and handed to the outbox")
_log = structlog.get_logger()


async def keep_time(database: Client, check_interval: int) -> None:
    """Dispatch reminders as they become due, until cancelled."""
    checked = -math.inf
    while True:
        try:
            long_ago = time.monotonic() - checked >= check_interval
            if not long_ago and not await _due(database, min(WAIT_SECONDS, check_interval)):
                continue
            checked = time.monotonic()
            if await dispatch(database):
                continue
        except (Unavailable, Refused, NotFound) as error:
            _log.warning("due reminders wait for postgres-data", reason=f"{type(error).__name__}: {error}")
        await asyncio.sleep(PAUSE_SECONDS)


async def dispatch(database: Client) -> int:
    """Hand over all that is due; how many that was."""
    total = 0
    while True:
        answer = await database.call("POST", "/reminders/dispatch", query={"limit": AT_ONCE})
        done = Dispatched.model_validate_json(answer).dispatched
        total += done
        DISPATCHED.inc(done)
        if done < AT_ONCE:
            return total


async def _due(database: Client, wait: int) -> bool:
    answer = await database.call("GET", "/reminders/next", query={"wait_seconds": wait})
    return NextReminder.model_validate_json(answer).due
