"""Documents in MongoDB: the only module that knows a driver (motor; PyMongo's async client can take its place here).

The id of a message is the `_id` of what it wrote: writing it again is a duplicate key, which counts as done. Only
operations that every MongoDB and the stand-in of the tests do alike are used; counting is done by single `$group`s.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from usecase_contracts.analytics import (
    ActivityLog,
    ActivityLogCreate,
    BatchResult,
    ProductivityStats,
    TaskAction,
    TaskActionRecord,
    UserAnalytics,
)
from usecase_runtime.settings import BadVariable

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]

DUPLICATE_KEY = 11000
# fmt: off
SERVERS_STATE = frozenset({
    6, 7, 89, 91, 189, 202, 317, 384, 9001,  # it is not reached, or it ends
    10058, 10107, 11600, 11601, 11602, 13435, 13436,  # another one leads
    24, 46, 50, 64, 100, 112, 133, 134, 262, 365,  # it, or the others it has to ask, take too long
    13, 18,  # it does not know us: a new password, not a wrong record
    39, 146, 14031,  # its disk is full or broken, its memory is used up
})
# fmt: on
"""Codes of errors that say nothing about the request: it may work later as it is (MongoDB's error_codes.yml)."""
RETRYABLE = ("RetryableWriteError", "RetryableReadError", "TransientTransactionError")
"""Labels by which a server says the same."""
HISTORY = 1000
"""Records of one task that are read at most, besides its creation."""
PERIOD = 20_000
"""Records of one user's period that are read at most: two a minute, all week long."""
SELECTION_MILLISECONDS = 2000
SOCKET_MILLISECONDS = 10_000
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


class Unreachable(Exception):  # noqa: N818 - read as a sentence
    """MongoDB does not answer now, or not as it should; a write may or may not have arrived, and may be repeated."""


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except PyMongoError as error:
        if not _will_pass(error):
            raise
        raise Unreachable(f"{type(error).__name__}: {error}") from error


def _will_pass(error: PyMongoError) -> bool:
    """Whether it is the server's state that failed, not the request."""
    if isinstance(error, BulkWriteError):
        return all(each["code"] in {DUPLICATE_KEY, *SERVERS_STATE} for each in error.details["writeErrors"])
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WriteConcernError):
        return True
    if any(error.has_error_label(label) for label in RETRYABLE):
        return True
    return isinstance(error, OperationFailure) and error.code in SERVERS_STATE


class Store:
    """The three collections. Made by `open_store`."""

    def __init__(self, client: AsyncIOMotorClient[Document], retention: timedelta) -> None:
        self._client, self._retention = client, retention
        database = client.get_default_database()
        self._activities: Collection = database.activity_logs
        self._records: Collection = database.task_analytics
        self._productivity: Collection = database.productivity_stats

    async def prepare(self) -> None:
        """Make the indexes. An activity carries its own end, so a new RETENTION_DAYS needs no new index."""
        with _reaching():
            await self._activities.create_index([("user_id", ASCENDING), ("timestamp", DESCENDING)])
            await self._activities.create_index("expires_at", expireAfterSeconds=0)
            await self._records.create_index([("task_id", ASCENDING), ("timestamp", ASCENDING)])
            await self._records.create_index([("user_id", ASCENDING), ("timestamp", ASCENDING)])
            await self._records.create_index([("timestamp", ASCENDING)])
            period = [("user_id", ASCENDING), ("period_start", DESCENDING), ("period_end", DESCENDING)]
            await self._productivity.create_index(period, unique=True)

    async def ping(self) -> None:
        """Return if MongoDB answers."""
        with _reaching():
            await self._client.admin.command("ping")

    async def add_activity(self, asked: ActivityLogCreate) -> ActivityLog:
        """Write one line of the activity log; one with the same event id stays as it is."""
        stored = ActivityLog(
            action=asked.action,
            task_id=asked.task_id,
            user_id=asked.user_id,
            event_id=asked.event_id or uuid4(),
            timestamp=asked.timestamp or datetime.now(UTC),
            source=asked.source,
            metadata=asked.metadata,
        )
        with _reaching():
            try:
                await self._activities.insert_one(self._activity(stored))
            except DuplicateKeyError:
                found = await self._activities.find_one({"_id": str(stored.event_id)})
                return _activity_from(found) if found else stored
        return stored

    async def activities(
        self, user_id: int, start: datetime | None, end: datetime | None, limit: int
    ) -> list[ActivityLog]:
        """A user's activity from `start` until before `end`, newest first."""
        bounds = {key: moment for key, moment in (("$gte", start), ("$lt", end)) if moment}
        wanted: Document = {"user_id": user_id, **({"timestamp": bounds} if bounds else {})}
        with _reaching():
            cursor = self._activities.find(wanted, sort=[("timestamp", DESCENDING)], limit=limit)
            return [_activity_from(found) for found in await cursor.to_list(None)]

    async def add_records(self, records: Sequence[TaskActionRecord]) -> BatchResult:
        """Write the records and the activities they tell of; what was written before is left alone."""
        activities = [
            ActivityLog(**each.model_dump(exclude={"action"}), action=f"task_{each.action}", source="worker")
            for each in records
        ]
        with _reaching():
            inserted, _ = await asyncio.gather(
                _insert_new(self._records, [_record(each) for each in records]),
                _insert_new(self._activities, [self._activity(each) for each in activities]),
            )
        return BatchResult(inserted=inserted, duplicates=len(records) - inserted)

    async def records_of_task(self, task_id: int) -> list[TaskActionRecord]:
        """What a task went through, in order of time: how it began, whether that was undone, and the latest of the
        rest.
        """
        beginnings = [TaskAction.CREATED.value, TaskAction.CREATION_FAILED.value]
        began, went_on = await asyncio.gather(
            self._latest({"task_id": task_id, "action": {"$in": beginnings}}, HISTORY),
            self._latest({"task_id": task_id, "action": {"$nin": beginnings}}, HISTORY),
        )
        return sorted(began + went_on, key=lambda each: each.timestamp)  # within a millisecond, it began first

    async def records_of_user(self, user_id: int, start: datetime, end: datetime) -> list[TaskActionRecord]:
        """What a user's tasks went through in a period, in order of time; of too much, the latest."""
        return await self._latest({"user_id": user_id, "timestamp": {"$gte": start, "$lt": end}}, PERIOD)

    async def users_active(self, start: datetime, end: datetime) -> list[int]:
        """Users who created a task in a period."""
        wanted = {"timestamp": {"$gte": start, "$lt": end}, "action": TaskAction.CREATED.value}
        with _reaching():
            return sorted(await self._records.distinct("user_id", wanted))

    async def user_analytics(self, user_id: int) -> UserAnalytics:
        """Counts over all of a user's records but those of creates that were undone."""
        with _reaching():
            undone = await self._records.distinct(
                "task_id", {"user_id": user_id, "action": TaskAction.CREATION_FAILED.value}
            )
            kept = {"user_id": user_id, **({"task_id": {"$nin": undone}} if undone else {})}
            completed, cancelled, by_action, by_priority, last = await asyncio.gather(
                self._tasks(kept, TaskAction.COMPLETED),
                self._tasks(kept, TaskAction.CANCELLED),
                self._count(kept, "$action"),
                self._count({**kept, "action": TaskAction.CREATED.value}, "$priority"),
                self._records.find_one({"user_id": user_id}, sort=[("timestamp", DESCENDING)]),
            )
        counts = {found["_id"]: found["count"] for found in by_action}
        hours = {found["_id"]: found["hours"] for found in by_action}
        created = counts.get(TaskAction.CREATED, 0)
        return UserAnalytics(
            user_id=user_id,
            created=created,
            completed=completed,
            cancelled=cancelled,
            deleted=counts.get(TaskAction.DELETED, 0),
            completion_rate=min(completed / created, 1.0) if created else None,
            average_completion_hours=hours.get(TaskAction.COMPLETED),
            created_by_priority={found["_id"]: found["count"] for found in by_priority if found["_id"]},
            last_activity_at=last["timestamp"] if last else None,
        )

    async def put_productivity(self, stats: ProductivityStats) -> None:
        """Keep the statistics of a user and period, in place of earlier ones."""
        period = {"user_id": stats.user_id, "period_start": stats.period_start, "period_end": stats.period_end}
        document = {**stats.model_dump(mode="json"), **period}
        with _reaching():
            await self._productivity.replace_one(period, document, upsert=True)

    async def productivity(self, user_id: int, limit: int) -> list[ProductivityStats]:
        """A user's statistics, latest period first."""
        with _reaching():
            cursor = self._productivity.find({"user_id": user_id}, sort=[("period_start", DESCENDING)], limit=limit)
            return [ProductivityStats(**found) for found in await cursor.to_list(None)]

    async def _tasks(self, wanted: Document, action: TaskAction) -> int:
        """How many tasks this ever happened to: one that was reopened and completed again is one."""
        return len(await self._records.distinct("task_id", {**wanted, "action": action.value}))

    async def _count(self, wanted: Document, key: str) -> list[Document]:
        group = {"_id": key, "count": {"$sum": 1}, "hours": {"$avg": "$completion_hours"}}
        return await self._records.aggregate([{"$match": wanted}, {"$group": group}]).to_list(None)

    async def _latest(self, wanted: Document, most: int) -> list[TaskActionRecord]:
        """In order of time; those of one millisecond always in the same order."""
        latest = [("timestamp", DESCENDING), ("_id", DESCENDING)]
        with _reaching():
            found = await self._records.find(wanted, sort=latest, limit=most).to_list(None)
        return [TaskActionRecord(event_id=each.pop("_id"), **each) for each in reversed(found)]

    def _activity(self, activity: ActivityLog) -> Document:
        kept_until = min(activity.timestamp, LAST_MOMENT - self._retention) + self._retention
        return {
            "_id": str(activity.event_id),
            **activity.model_dump(exclude={"event_id"}),
            "expires_at": kept_until,
        }


@asynccontextmanager
async def open_store(url: str, *, connections: int, retention_days: int) -> AsyncIterator[Store]:
    """A store that connects when it is first used; a written batch is in the journal when its call returns."""
    try:
        client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            appname="mongo-data",
            tz_aware=True,
            journal=True,
            maxPoolSize=connections,
            serverSelectionTimeoutMS=SELECTION_MILLISECONDS,
            socketTimeoutMS=SOCKET_MILLISECONDS,
        )
    except (ConfigurationError, ValueError) as error:
        reason = f"MongoDB's driver does not take it ({type(error).__name__}): look at its options"
        raise BadVariable("MONGODB_URL", reason) from None
    try:
        yield Store(client, timedelta(days=retention_days))
    finally:
        client.close()


async def _insert_new(collection: Collection, documents: list[Document]) -> int:
    """Insert what is not there yet; how many that were."""
    try:
        return len((await collection.insert_many(documents, ordered=False)).inserted_ids)
    except BulkWriteError as error:
        details: Document = dict(error.details)
        # Inserted and not confirmed by as many servers as asked for is not kept: it may be rolled back.
        if details["writeConcernErrors"] or any(each["code"] != DUPLICATE_KEY for each in details["writeErrors"]):
            raise
        return int(details["nInserted"])


def _record(record: TaskActionRecord) -> Document:
    moments = {"timestamp": record.timestamp, "completed_at": record.completed_at}
    return {
        "_id": str(record.event_id),
        **record.model_dump(mode="json", exclude={"event_id", *moments}),
        **moments,
    }


def _activity_from(found: Document) -> ActivityLog:
    return ActivityLog(event_id=found["_id"], **{key: found[key] for key in found if key != "_id"})
