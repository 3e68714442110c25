"""Which of MongoDB's failures are an outage, that consumers wait for, and which are the request's own."""

from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
    WriteError,
    WTimeoutError,
)

from usecase_contracts.analytics import TaskAction, TaskActionRecord
from usecase_mongo_data.store import DUPLICATE_KEY, Unreachable, open_store

NOWHERE = "mongodb://127.0.0.1:1/nothing"
RECORD = TaskActionRecord(
    event_id="7b0b6ad4-6f0e-4f0a-9a3e-000000000001",
    action=TaskAction.CREATED,
    task_id=1,
    user_id=7,
    timestamp="2026-11-23T12:00:00Z",
)
NO_QUORUM = {"code": 64, "errmsg": "waiting for replication timed out", "errInfo": {"wtimeout": True}}


def bulk(*codes: int, unconfirmed: bool = False) -> BulkWriteError:
    """What an insert of many answers: these errors of single documents, and perhaps too few servers that confirm."""
    errors = [{"index": index, "code": code, "errmsg": "no"} for index, code in enumerate(codes)]
    concerns = [NO_QUORUM] if unconfirmed else []
    return BulkWriteError({"writeErrors": errors, "writeConcernErrors": concerns, "nInserted": 1})


def labelled(label: str) -> OperationFailure:
    return OperationFailure("try again", code=8, details={"errorLabels": [label]})


async def add(monkeypatch: pytest.MonkeyPatch, failure: PyMongoError) -> Any:
    """Add a record to a server that answers with this failure."""

    async def insert_many(*_arguments: Any, **_options: Any) -> None:
        raise failure

    # The driver's own method: a server that fails like this is hard to have.
    monkeypatch.setattr(AsyncIOMotorCollection, "insert_many", insert_many)
    async with open_store(NOWHERE, connections=1, retention_days=1) as store:
        return await store.add_records([RECORD])


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(AutoReconnect("closed"), id="connection lost"),
        pytest.param(ServerSelectionTimeoutError("nobody"), id="no server"),
        pytest.param(NotPrimaryError("not primary"), id="not primary"),
        pytest.param(ExecutionTimeout("exceeded time limit", 50), id="too slow"),
        pytest.param(WTimeoutError("no quorum", 64), id="write concern timed out"),
        pytest.param(WriteConcernError("unsatisfiable", 100), id="write concern"),
        pytest.param(OperationFailure("no space left", 14031), id="disk full"),
        pytest.param(OperationFailure("stepped down", 189), id="stepped down"),
        pytest.param(OperationFailure("auth failed", 18), id="another password"),
        pytest.param(labelled("RetryableWriteError"), id="labelled retryable"),
        pytest.param(bulk(unconfirmed=True), id="all inserted, not confirmed"),
        pytest.param(bulk(DUPLICATE_KEY, unconfirmed=True), id="duplicates, not confirmed"),
        pytest.param(bulk(14031), id="disk full in a batch"),
        pytest.param(bulk(DUPLICATE_KEY, 11602), id="stepped down in a batch"),
    ],
)
async def test_a_failure_of_the_server_is_an_outage(monkeypatch: pytest.MonkeyPatch, failure: PyMongoError) -> None:
    with pytest.raises(Unreachable, match=type(failure).__name__):
        await add(monkeypatch, failure)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(WriteError("Document failed validation", 121), id="validation"),
        pytest.param(DocumentTooLarge("too large"), id="too large"),
        pytest.param(DuplicateKeyError("E11000", DUPLICATE_KEY), id="a duplicate nobody expects"),
        pytest.param(OperationFailure("unknown operator", 2), id="bad value"),
        pytest.param(bulk(121, unconfirmed=True), id="validation in a batch"),
    ],
)
async def test_a_refusal_of_the_request_is_none(monkeypatch: pytest.MonkeyPatch, failure: PyMongoError) -> None:
    with pytest.raises(type(failure)):
        await add(monkeypatch, failure)


async def test_what_was_there_before_is_counted_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await add(monkeypatch, bulk(DUPLICATE_KEY))).inserted == 1
