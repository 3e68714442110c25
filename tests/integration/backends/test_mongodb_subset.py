"""The operations of docs/reference/mongodb-subset.md, each against the server at hand: mongo:8 or the stand-in.

What is expected is what MongoDB's manual says. A row of that page without a test here is found by the contract tests.
"""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import DeleteOne, InsertOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]

NOON = datetime(2030, 1, 2, 12, 0, 0, 123000, tzinfo=UTC)
EVERY_TYPE: Document = {
    "text": "Prüfung ☃ \"quoted\" 'too'",
    "whole": 2**40,
    "part": 1.5,
    "yes": True,
    "nothing": None,
    "at": NOON,
    "id": ObjectId("64b7f9a0a1b2c3d4e5f60718"),
    "list": [1, "a", {"at": NOON}],
    "document": {"at": NOON, "deep": {"yes": False}},
    "empty": [],
}


@pytest.fixture
async def collection(mongodb_url: str) -> AsyncIterator[Collection]:
    """An empty collection of the test's own."""
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    made = client.get_default_database()[f"subset_{uuid.uuid4().hex}"]
    yield made
    await made.drop()
    client.close()


@pytest.fixture
async def events(collection: Collection) -> Collection:
    """Twelve events: tasks 0 to 3, each created, updated and completed in three minutes; even tasks are of user 0."""
    actions = ("created", "updated", "completed")
    await collection.create_index("event_id", unique=True)
    await collection.insert_many(
        [
            {
                "event_id": f"{task}-{action}",
                "task_id": task,
                "user_id": task % 2,
                "action": action,
                "at": NOON + timedelta(minutes=step),
                "points": task + step,
                "tags": ["all", action],
                "origin": {"service": "api" if step == 0 else "bot"},
            }
            for task in range(4)
            for step, action in enumerate(actions)
        ]
    )
    return collection


async def names(collection: Collection, query: Document) -> list[str]:
    return [event["event_id"] async for event in collection.find(query).sort("event_id")]


# ── indexes and inserts ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("keys", "options"),
    [
        pytest.param("event_id", {"unique": True}, id="unique"),
        pytest.param([("user_id", 1), ("at", -1)], {}, id="compound"),
        pytest.param("expires_at", {"expireAfterSeconds": 0}, id="time to live"),
    ],
)
async def test_an_index_may_be_asked_for_again(collection: Collection, keys: Any, options: Document) -> None:
    first = await collection.create_index(keys, name="ours", **options)
    assert (first, await collection.create_index(keys, name="ours", **options)) == ("ours", "ours")


async def test_a_document_comes_back_as_it_went_in(collection: Collection) -> None:
    inserted = await collection.insert_one(dict(EVERY_TYPE))
    found = await collection.find_one({"_id": inserted.inserted_id})
    assert isinstance(inserted.inserted_id, ObjectId)
    assert found == {"_id": inserted.inserted_id, **EVERY_TYPE}
    assert found is not None
    assert [key for key, value in EVERY_TYPE.items() if not isinstance(found[key], type(value))] == []


async def test_a_date_keeps_its_milliseconds(collection: Collection) -> None:
    await collection.insert_one({"_id": 1, "at": NOON.replace(microsecond=123456)})
    assert await collection.find_one({"_id": 1}) == {"_id": 1, "at": NOON}


@pytest.mark.parametrize(
    "document", [{"event_id": "0-created"}, {"_id": "taken", "event_id": "new"}], ids=["unique", "_id"]
)
async def test_a_duplicate_is_refused(events: Collection, document: Document) -> None:
    await events.insert_one({"_id": "taken", "event_id": "first"})
    with pytest.raises(DuplicateKeyError) as refused:
        await events.insert_one(document)
    assert refused.value.code == 11000


async def test_an_unordered_insert_leaves_out_only_the_duplicates(events: Collection) -> None:
    batch = [{"event_id": name} for name in ("0-created", "new-1", "1-created", "new-2", "new-1")]
    with pytest.raises(BulkWriteError) as refused:
        await events.insert_many(batch, ordered=False)
    errors = refused.value.details["writeErrors"]
    assert [(error["index"], error["code"]) for error in errors] == [(0, 11000), (2, 11000), (4, 11000)]
    assert refused.value.details["nInserted"] == 2
    assert await events.count_documents({"event_id": {"$in": ["new-1", "new-2"]}}) == 2


async def test_what_is_past_its_deadline_goes(collection: Collection) -> None:
    """MongoDB sweeps once a minute: what must hold at once is that nothing goes too early, or without a deadline."""
    now = datetime.now(UTC)
    await collection.create_index("expires_at", expireAfterSeconds=0)
    await collection.insert_many([{"_id": "later", "expires_at": now + timedelta(hours=1)}, {"_id": "never"}])
    assert {document["_id"] async for document in collection.find()} == {"later", "never"}


# ── finding ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"task_id": 1, "action": "created"}, ["1-created"], id="equality"),
        pytest.param({"missing": None, "task_id": 1, "points": 1}, ["1-created"], id="None matches an absent field"),
        pytest.param({"tags": "created", "task_id": 2}, ["2-created"], id="inside an array"),
        pytest.param({"origin.service": "api", "user_id": 1}, ["1-created", "3-created"], id="dotted"),
        pytest.param({"event_id": {"$in": ["1-created", "2-updated", "none"]}}, ["1-created", "2-updated"], id="$in"),
        pytest.param({"task_id": 0, "action": {"$nin": ["created", "x"]}}, ["0-completed", "0-updated"], id="$nin"),
        pytest.param({"task_id": 0, "action": {"$ne": "created"}}, ["0-completed", "0-updated"], id="$ne"),
        pytest.param({"event_id": "0-created", "missing": {"$ne": 1}}, ["0-created"], id="$ne of an absent field"),
        pytest.param({"points": {"$gt": 3, "$lt": 5}}, ["2-completed", "3-updated"], id="$gt $lt"),
        pytest.param({"points": {"$gte": 5, "$lte": 5}}, ["3-completed"], id="$gte $lte"),
        pytest.param(
            {"task_id": 0, "at": {"$gte": NOON + timedelta(minutes=1), "$lt": NOON + timedelta(minutes=2)}},
            ["0-updated"],
            id="dates",
        ),
        pytest.param({"at": NOON, "task_id": 3}, ["3-created"], id="a date, equal"),
        pytest.param({"event_id": {"$gte": "3-c", "$lt": "3-d"}}, ["3-completed", "3-created"], id="texts"),
        pytest.param({"task_id": 0, "points": {"$exists": False}}, [], id="$exists"),
        pytest.param({"$or": [{"points": 5}, {"points": 0}]}, ["0-created", "3-completed"], id="$or"),
        pytest.param({"$and": [{"task_id": 1}, {"action": "updated"}]}, ["1-updated"], id="$and"),
        pytest.param({"event_id": {"$regex": "^2-c"}}, ["2-completed", "2-created"], id="$regex"),
    ],
)
async def test_filters(events: Collection, query: Document, expected: list[str]) -> None:
    assert await names(events, query) == expected
    assert await events.count_documents(query) == len(expected)


async def test_a_page_is_sorted_by_several_fields(events: Collection) -> None:
    order = [("user_id", -1), ("at", 1), ("event_id", 1)]
    page = events.find({}, {"_id": 0, "event_id": 1}).sort(order).skip(1).limit(3).max_time_ms(5000)
    found = [event["event_id"] for event in await page.to_list(None)]
    assert found == ["3-created", "1-updated", "3-updated"]


async def test_the_newest_is_one_question(events: Collection) -> None:
    newest = await events.find_one({"task_id": 1}, {"_id": 0, "action": 1, "at": 1}, sort=[("at", -1)])
    assert newest == {"action": "completed", "at": NOON + timedelta(minutes=2)}
    assert await events.find_one({"task_id": 99}) is None


async def test_a_projection_leaves_fields_out(events: Collection) -> None:
    found = await events.find_one({"event_id": "0-created"}, {"_id": 0, "tags": 0, "origin": 0, "at": 0})
    assert found == {"event_id": "0-created", "task_id": 0, "user_id": 0, "action": "created", "points": 0}


async def test_a_long_answer_comes_in_batches(collection: Collection) -> None:
    await collection.insert_many([{"_id": number} for number in range(1000)])
    assert [d["_id"] async for d in collection.find().sort("_id").batch_size(50)] == list(range(1000))
    assert len(await collection.find().to_list(None)) == 1000


async def test_distinct(events: Collection) -> None:
    assert sorted(await events.distinct("task_id", {"user_id": 1})) == [1, 3]


# ── updates ───────────────────────────────────────────────────────────────────────────────────────────────────────────

LATER = NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("before", "update", "after"),
    [
        pytest.param({}, {"$set": EVERY_TYPE}, EVERY_TYPE, id="$set of every type"),
        pytest.param({"o": {"a": 1}}, {"$set": {"o.b": LATER}}, {"o": {"a": 1, "b": LATER}}, id="$set, dotted"),
        pytest.param({"yes": True}, {"$set": {"yes": False}}, {"yes": False}, id="$set of a boolean"),
        pytest.param({"a": 1, "b": 2}, {"$unset": {"a": ""}}, {"b": 2}, id="$unset"),
        pytest.param({"n": 1}, {"$inc": {"n": 2, "m": 5}}, {"n": 3, "m": 5}, id="$inc"),
        pytest.param({"n": 1}, {"$inc": {"n": -0.5}}, {"n": 0.5}, id="$inc by a part"),
        pytest.param({"n": 5, "m": 5}, {"$max": {"n": 9}, "$min": {"m": 9}}, {"n": 9, "m": 5}, id="$max $min"),
        pytest.param({"at": NOON}, {"$max": {"at": LATER}}, {"at": LATER}, id="$max of a date"),
        pytest.param({"at": NOON}, {"$min": {"at": LATER}}, {"at": NOON}, id="$min of a date"),
        pytest.param({"l": ["a"]}, {"$push": {"l": "b"}}, {"l": ["a", "b"]}, id="$push"),
        pytest.param({}, {"$push": {"l": {"at": NOON}}}, {"l": [{"at": NOON}]}, id="$push of a document"),
        pytest.param(
            {"l": [1, 2]}, {"$push": {"l": {"$each": [3, 4], "$slice": -3}}}, {"l": [2, 3, 4]}, id="the last three"
        ),
        pytest.param(
            {"l": [1, 2]}, {"$push": {"l": {"$each": [3, 4], "$slice": 3}}}, {"l": [1, 2, 3]}, id="the first three"
        ),
        pytest.param(
            {"l": [{"at": NOON}]},
            {"$push": {"l": {"$each": [{"at": LATER}], "$slice": -1}}},
            {"l": [{"at": LATER}]},
            id="the last document",
        ),
        pytest.param({"s": ["a"]}, {"$addToSet": {"s": "b"}}, {"s": ["a", "b"]}, id="$addToSet"),
        pytest.param(
            {"n": 1, "at": NOON},
            {"$set": {"at": LATER, "x": "y"}, "$inc": {"n": 1}, "$push": {"l": "a"}},
            {"n": 2, "at": LATER, "x": "y", "l": ["a"]},
            id="several at once",
        ),
    ],
)
@pytest.mark.parametrize("by", ["update_one", "update_many", "bulk_write", "find_one_and_update"])
async def test_updates(collection: Collection, before: Document, update: Document, after: Document, by: str) -> None:
    await collection.insert_one({"_id": 1, **before})
    if by == "bulk_write":
        counts: Any = await collection.bulk_write([UpdateOne({"_id": 1}, update)])
    else:
        counts = await getattr(collection, by)({"_id": 1}, update)
    assert await collection.find_one({"_id": 1}) == {"_id": 1, **after}
    if by != "find_one_and_update":
        changed = int(before != after)
        assert (counts.matched_count, counts.modified_count) == (1, changed)


@pytest.mark.parametrize("update", [{"$set": {"a": 1}}, {"$addToSet": {"s": "x"}}, {"$max": {"a": 0}}])
async def test_an_update_that_changes_nothing_says_so(collection: Collection, update: Document) -> None:
    await collection.insert_one({"_id": 1, "a": 1, "s": ["x"]})
    result = await collection.update_one({"_id": 1}, update)
    assert (result.matched_count, result.modified_count) == (1, 0)


async def test_an_update_finds_nothing(collection: Collection) -> None:
    result = await collection.update_one({"_id": 1}, {"$set": {"a": 1}})
    assert (result.matched_count, result.modified_count, result.upserted_id) == (0, 0, None)


async def test_update_many_changes_all_that_match(events: Collection) -> None:
    result = await events.update_many({"user_id": 1}, {"$set": {"seen": True}})
    assert (result.matched_count, result.modified_count) == (6, 6)
    assert await events.count_documents({"seen": True}) == 6


@pytest.mark.parametrize("key", [{"_id": "2030-01:7"}, {"event_id": "new"}], ids=["_id", "unique field"])
async def test_an_upsert_makes_a_document_once(events: Collection, key: Document) -> None:
    update = {"$setOnInsert": {"made": NOON, "by": {"at": NOON}}, "$inc": {"count": 1}, "$set": {"last": LATER}}
    first = await events.update_one(key, update, upsert=True)
    second = await events.update_one(key, {**update, "$setOnInsert": {"made": LATER}}, upsert=True)
    assert first.upserted_id is not None
    assert (second.matched_count, second.upserted_id) == (1, None)
    found = await events.find_one(key)
    assert found == {"_id": first.upserted_id, **key, "made": NOON, "by": {"at": NOON}, "count": 2, "last": LATER}


async def test_an_upsert_that_would_double_a_unique_value_is_refused(events: Collection) -> None:
    with pytest.raises(DuplicateKeyError):
        await events.update_one({"event_id": "0-created", "task_id": 99}, {"$set": {"a": 1}}, upsert=True)


async def test_find_one_and_update_answers_the_new_document(collection: Collection) -> None:
    for count in (1, 2):
        found = await collection.find_one_and_update(
            {"_id": "counter"},
            {"$inc": {"count": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            projection={"_id": 0, "count": 1},
        )
        assert found == {"count": count}


async def test_replace_one_makes_or_replaces_by_a_unique_field(events: Collection) -> None:
    for at in (NOON, LATER):
        await events.replace_one({"event_id": "whole"}, {"event_id": "whole", "at": at}, upsert=True)
    found = await events.find({"event_id": "whole"}, {"_id": 0}).to_list(None)
    assert found == [{"event_id": "whole", "at": LATER}]


async def test_a_bulk_write_counts_what_it_did(events: Collection) -> None:
    result = await events.bulk_write(
        [
            UpdateOne({"event_id": "b1"}, {"$setOnInsert": {"at": NOON}}, upsert=True),
            UpdateOne({"event_id": "b1"}, {"$setOnInsert": {"at": LATER}, "$set": {"seen": True}}, upsert=True),
            UpdateOne({"event_id": "0-created"}, {"$inc": {"points": 1}}),
            InsertOne({"event_id": "b2"}),
            DeleteOne({"event_id": "b2"}),
        ],
        ordered=False,
    )
    counts = (result.upserted_count, result.matched_count, result.modified_count, result.inserted_count)
    assert (*counts, result.deleted_count) == (1, 2, 2, 1, 1)
    found = await events.find_one({"event_id": "b1"}, {"_id": 0})
    assert found == {"event_id": "b1", "at": NOON, "seen": True}


async def test_an_unordered_bulk_write_leaves_out_only_the_duplicates(events: Collection) -> None:
    with pytest.raises(BulkWriteError) as refused:
        await events.bulk_write([InsertOne({"event_id": "0-created"}), InsertOne({"event_id": "b1"})], ordered=False)
    assert [(error["index"], error["code"]) for error in refused.value.details["writeErrors"]] == [(0, 11000)]
    assert await events.count_documents({"event_id": "b1"}) == 1


async def test_deletes_count(events: Collection) -> None:
    assert (await events.delete_one({"task_id": 0})).deleted_count == 1
    assert (await events.delete_one({"task_id": 99})).deleted_count == 0
    assert (await events.delete_many({"at": {"$lt": NOON + timedelta(minutes=1)}})).deleted_count in (3, 4)
    assert await events.count_documents({"action": "created"}) == 0


# ── aggregation ───────────────────────────────────────────────────────────────────────────────────────────────────────

BY_ID = {"$sort": {"_id": 1}}


@pytest.mark.parametrize(
    ("pipeline", "expected"),
    [
        pytest.param(
            [{"$match": {"user_id": 1}}, {"$group": {"_id": "$action", "n": {"$sum": 1}}}, BY_ID],
            [{"_id": "completed", "n": 2}, {"_id": "created", "n": 2}, {"_id": "updated", "n": 2}],
            id="count by field",
        ),
        pytest.param(
            [{"$group": {"_id": "$user_id", "total": {"$sum": "$points"}, "mean": {"$avg": "$points"}}}, BY_ID],
            [{"_id": 0, "total": 12, "mean": 2.0}, {"_id": 1, "total": 18, "mean": 3.0}],
            id="$sum $avg",
        ),
        pytest.param(
            [{"$group": {"_id": None, "n": {"$sum": 1}}}],
            [{"_id": None, "n": 12}],
            id="one group",
        ),
        pytest.param(
            [{"$match": {"user_id": 99}}, {"$group": {"_id": None, "n": {"$sum": 1}}}],
            [],
            id="nothing in, nothing out",
        ),
        pytest.param(
            [
                {"$match": {"task_id": {"$in": [1, 2]}}},
                {"$sort": {"at": 1}},
                {"$group": {"_id": "$task_id", "first": {"$first": "$action"}, "at": {"$last": "$at"}}},
                BY_ID,
            ],
            [
                {"_id": 1, "first": "created", "at": NOON + timedelta(minutes=2)},
                {"_id": 2, "first": "created", "at": NOON + timedelta(minutes=2)},
            ],
            id="$first $last",
        ),
        pytest.param(
            [
                {"$group": {"_id": "$user_id", "done": {"$sum": {"$cond": [{"$eq": ["$action", "completed"]}, 1, 0]}}}},
                BY_ID,
            ],
            [{"_id": 0, "done": 2}, {"_id": 1, "done": 2}],
            id="$cond $eq",
        ),
        pytest.param(
            [{"$group": {"_id": {"$dateToString": {"format": "%Y-%m-%d", "date": "$at"}}, "n": {"$sum": 1}}}],
            [{"_id": "2030-01-02", "n": 12}],
            id="$dateToString",
        ),
        pytest.param(
            [
                {"$match": {"user_id": 0}},
                {"$sort": {"points": -1, "event_id": 1}},
                {"$skip": 1},
                {"$limit": 2},
                {"$project": {"_id": 0, "event_id": 1, "at": 1}},
            ],
            [
                {"event_id": "2-updated", "at": NOON + timedelta(minutes=1)},
                {"event_id": "0-completed", "at": NOON + timedelta(minutes=2)},
            ],
            id="$sort $skip $limit $project",
        ),
        pytest.param([{"$match": {"user_id": 1}}, {"$count": "n"}], [{"n": 6}], id="$count"),
    ],
)
async def test_aggregation(events: Collection, pipeline: list[Document], expected: list[Document]) -> None:
    assert await events.aggregate(pipeline).to_list(None) == expected


async def test_facets_answer_several_questions_at_once(events: Collection) -> None:
    facets = {
        "actions": [{"$group": {"_id": "$action", "n": {"$sum": 1}}}, BY_ID],
        "total": [{"$count": "n"}],
        "none": [{"$match": {"user_id": 99}}, {"$count": "n"}],
    }
    (found,) = await events.aggregate([{"$match": {"user_id": 1}}, {"$facet": facets}]).to_list(None)
    assert found["actions"] == [{"_id": name, "n": 2} for name in ("completed", "created", "updated")]
    assert found["total"] == [{"n": 6}]
    assert sum(row["n"] for row in found["none"]) == 0, "no row, or one that says 0"
