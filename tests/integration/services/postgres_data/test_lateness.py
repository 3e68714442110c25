"""How late reminders are is told by what is stored, whoever should have dispatched them."""

import asyncio
from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from integration.services.postgres_data.test_reminders import LATER, SOON, schedule
from integration.services.postgres_data.test_tasks import change, new
from integration.services.waiting import until
from usecase_contracts.tasks import TaskStatus
from usecase_postgres_data.database import Pool
from usecase_postgres_data.lateness import watch_reminders
from usecase_postgres_data.store import reminders


def five_minutes_ago() -> datetime:
    """Of the moment it is asked: the run may have begun long before."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


async def oldest(pool: Pool) -> float:
    async with pool.acquire() as connection:
        return await reminders.oldest_due(connection)


async def test_a_reminder_is_late_from_its_time_until_it_is_dispatched(pool: Pool, owner: int) -> None:
    assert await oldest(pool) == 0
    await schedule(pool, await new(pool, owner), LATER)
    assert await oldest(pool) == 0
    await schedule(pool, await new(pool, owner), five_minutes_ago())
    assert 300 <= await oldest(pool) < 600
    await reminders.dispatch(pool, 100)
    assert await oldest(pool) == 0


async def test_nothing_is_late_for_a_closed_task(pool: Pool, owner: int) -> None:
    task = await new(pool, owner)
    await schedule(pool, task, five_minutes_ago())
    await change(pool, task, status=TaskStatus.COMPLETED)
    await schedule(pool, await new(pool, owner), SOON)
    assert await oldest(pool) == 0


async def test_the_lateness_of_the_oldest_reminder_is_seen(pool: Pool, owner: int) -> None:
    await schedule(pool, await new(pool, owner), five_minutes_ago())
    watching = asyncio.create_task(watch_reminders(pool))
    late = await until(lambda: REGISTRY.get_sample_value("reminders_oldest_due_seconds"))
    watching.cancel()
    assert 300 <= late < 600
