"""Has mongo-data compute everybody's productivity, once each interval.

Every replica asks; the result of a period is kept in place of the last, so asking twice is only work.
"""

import asyncio
from datetime import UTC, datetime

import structlog

from usecase_analytics_worker.domain import period
from usecase_contracts.analytics import ProductivityComputed
from usecase_http.client import Client
from usecase_runtime.errors import NotFound, Refused, Unavailable

AGAIN_SECONDS = 60
CALL_SECONDS = 600
"""Longest time of one computation: it walks through all users."""
_log = structlog.get_logger()


async def keep_statistics(mongo: Client, interval: int, min_tasks: int) -> None:
    """Compute now and every `interval` seconds, until cancelled; sooner again after a failure."""
    while True:
        wait = interval
        try:
            body = period(datetime.now(UTC), min_tasks).model_dump_json().encode()
            answer = await mongo.call("POST", "/productivity_stats", body)
            _log.info("productivity computed", users=ProductivityComputed.model_validate_json(answer).users)
        except (Unavailable, Refused, NotFound) as error:
            wait = min(AGAIN_SECONDS, interval)
            _log.warning("productivity put off", reason=f"{type(error).__name__}: {error}", again_in=wait)
        await asyncio.sleep(wait)
