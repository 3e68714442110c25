"""mongo-data's store on the Mongo protocol: what is written once stays once, and adds up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from integration.services.waiting import until
from usecase_contracts.analytics import ActivityLogCreate, ProductivityPeriod, TaskAction, TaskActionRecord
from usecase_contracts.tasks import Priority, TaskStatus
from usecase_mongo_data import domain
from usecase_mongo_data import store as module
from usecase_mongo_data.store import Store, Unreachable, open_store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREATED, COMPLETED = TaskAction.CREATED, TaskAction.COMPLETED


@pytest.fixture
async def store(mongodb_url: str) -> AsyncIterator[Store]:
    """A store in a database of the test's own."""
    url = urlsplit(mongodb_url)._replace(path=f"/test_{uuid4().hex[:12]}").geturl()
    async with open_store(url, connections=5, retention_days=30) as made:
        await made.prepare()
        yield made
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url)
    await client.drop_database(client.get_default_database())
    client.close()


def record(action: TaskAction, task_id: int = 1, hour: int = 0, **values: Any) -> TaskActionRecord:
    made: dict[str, Any] = {
        "event_id": uuid4(), "action": action, "task_id": task_id, "user_id": 7,
        "timestamp": NOON + timedelta(hours=hour), "metadata": {"title_length": 5, "note": None, "urgent": False},
    }  # fmt: skip
    return TaskActionRecord(**made | values)


def created(task_id: int = 1, **values: Any) -> TaskActionRecord:
    return record(CREATED, task_id, **{"priority": Priority.HIGH, "status": TaskStatus.ACTIVE} | values)


def completed(task_id: int = 1, hour: int = 2, **values: Any) -> TaskActionRecord:
    at = NOON + timedelta(hours=hour)
    more = {"completed_at": at, "completion_hours": float(hour), "was_overdue": False, "status": TaskStatus.COMPLETED}
    return record(COMPLETED, task_id, hour, **more | values)


async def test_a_record_comes_back_as_it_was_written(store: Store) -> None:
    written = [created(), completed()]
    await store.add_records(written)
    assert await store.records_of_task(1) == written


async def test_the_same_batch_again_changes_nothing(store: Store) -> None:
    batch = [created(number) for number in range(1, 4)]
    first = await store.add_records(batch)
    again = await store.add_records([*batch, created(9)])
    assert (first.inserted, first.duplicates) == (3, 0)
    assert (again.inserted, again.duplicates) == (1, 3)
    assert (await store.user_analytics(7)).created == 4
    assert len(await store.activities(7, None, None, 100)) == 4


async def test_a_message_twice_in_one_batch_counts_once(store: Store) -> None:
    one = created()
    result = await store.add_records([one, one])
    assert (result.inserted, result.duplicates) == (1, 1)


async def test_a_batch_that_was_cut_off_is_completed(store: Store) -> None:
    batch = [created(1), created(2)]
    await store._records.insert_one({"_id": str(batch[0].event_id), **batch[0].model_dump(mode="json")})
    await store.add_records(batch)
    assert len(await store.activities(7, None, None, 100)) == 2


async def test_each_record_is_an_activity_too(store: Store) -> None:
    one = created()
    await store.add_records([one])
    (activity,) = await store.activities(7, None, None, 10)
    assert (activity.action, activity.event_id, activity.source) == ("task_created", one.event_id, "worker")
    assert activity.metadata == one.metadata


async def test_activities_are_newest_first_and_of_a_period(store: Store) -> None:
    await store.add_records([created(number, hour=number) for number in range(1, 6)])
    found = await store.activities(7, NOON + timedelta(hours=1), NOON + timedelta(hours=4), 2)
    assert [each.task_id for each in found] == [3, 2]


async def test_the_seeds_three_fields_make_an_activity(store: Store) -> None:
    made = await store.add_activity(ActivityLogCreate(action="task_created", task_id=1, user_id=7))
    assert [each.event_id for each in await store.activities(7, None, None, 10)] == [made.event_id]


async def test_the_same_activity_again_stays_as_it_was(store: Store) -> None:
    first = ActivityLogCreate(action="task_created", task_id=1, user_id=7, event_id=UUID(int=1), timestamp=NOON)
    later = first.model_copy(update={"action": "task_updated"})
    assert await store.add_activity(first) == await store.add_activity(later)


async def test_an_old_activity_is_removed(store: Store) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    await store.add_activity(ActivityLogCreate(action="task_created", task_id=1, user_id=8, timestamp=old))
    await store.add_activity(ActivityLogCreate(action="task_created", task_id=2, user_id=8))
    # A server removes what has expired once a minute.
    found = await until(lambda: only_one(store, 8), 90)
    assert found.task_id == 2


async def only_one(store: Store, user_id: int) -> Any:
    found = await store.activities(user_id, None, None, 10)
    return found[0] if len(found) == 1 else None


async def test_a_users_actions_add_up(store: Store) -> None:
    await store.add_records([
        created(1), created(2), created(3, priority=Priority.LOW), created(4), created(99, user_id=8),
        completed(1, hour=2), completed(2, hour=4), completed(1, hour=6),
        record(TaskAction.CANCELLED, 3, 5), record(TaskAction.DELETED, 4, 6), record(TaskAction.UPDATED, 1, 7),
    ])  # fmt: skip
    found = await store.user_analytics(7)
    assert (found.created, found.completed, found.cancelled, found.deleted) == (4, 2, 1, 1)
    assert (found.completion_rate, found.average_completion_hours) == (0.5, 4.0)
    assert found.created_by_priority == {Priority.HIGH: 3, Priority.LOW: 1}
    assert found.last_activity_at == NOON + timedelta(hours=7)


async def test_nobody_has_empty_analytics(store: Store) -> None:
    found = await store.user_analytics(12345)
    assert (found.created, found.completion_rate, found.last_activity_at) == (0, None, None)


@pytest.mark.parametrize("undone_first", [False, True], ids=["after its creation", "before it"])
async def test_a_create_that_was_undone_is_in_no_count(store: Store, undone_first: bool) -> None:
    batches = [[created(1)], [record(TaskAction.CREATION_FAILED, 1, 1)]]
    for batch in reversed(batches) if undone_first else batches:
        await store.add_records(batch)
    await store.add_records([created(2)])
    assert (await store.user_analytics(7)).created == 1
    assert domain.history(await store.records_of_task(1)) is None


async def test_of_a_long_history_the_beginning_and_the_latest_are_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HISTORY", 3)
    await store.add_records([created(1), *(record(TaskAction.UPDATED, 1, hour) for hour in range(1, 7))])
    read = await store.records_of_task(1)
    assert [(each.timestamp - NOON) // timedelta(hours=1) for each in read] == [0, 4, 5, 6]
    assert domain.history(read) is not None


async def test_of_a_period_with_too_much_the_latest_are_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD", 2)
    await store.add_records([created(number, hour=number) for number in range(1, 5)])
    read = await store.records_of_user(7, NOON, NOON + timedelta(days=1))
    assert [each.task_id for each in read] == [3, 4]


async def test_records_of_one_millisecond_are_always_read_in_the_same_order(store: Store) -> None:
    events = [UUID(int=number) for number in (3, 1, 4, 2)]
    await store.add_records([record(TaskAction.UPDATED, 1, event_id=event) for event in events])
    await store.add_records([created(1, event_id=UUID(int=5))])
    assert [each.event_id.int for each in await store.records_of_task(1)] == [5, 1, 2, 3, 4]


async def test_a_period_is_kept_once_for_each_user(store: Store) -> None:
    period = ProductivityPeriod(period_start=NOON, period_end=NOON + timedelta(days=1))
    await store.add_records([created(1), created(2), completed(1), created(3, user_id=8)])
    assert await store.users_active(period.period_start, period.period_end) == [7, 8]
    for _ in range(2):
        records = await store.records_of_user(7, period.period_start, period.period_end)
        stats = domain.productivity(7, period.period_start, period.period_end, records)
        await store.put_productivity(stats)
    assert await store.productivity(7, 10) == [stats]
    assert (stats.total_tasks, stats.completed_tasks) == (2, 1)


async def test_a_server_that_is_away_is_unreachable() -> None:
    async with open_store("mongodb://127.0.0.1:1/nothing", connections=1, retention_days=1) as away:
        with pytest.raises(Unreachable, match="ServerSelectionTimeoutError"):
            await away.ping()
