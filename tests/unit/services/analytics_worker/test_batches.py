"""What goes out together, and what becomes of each message of a batch that fails."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from task_messages import created
from usecase_analytics_worker import domain
from usecase_analytics_worker.handlers import Analytics, read
from usecase_contracts.messages import serialize
from usecase_http.client import http_client
from usecase_runtime import context
from usecase_runtime.errors import Reject, ServerError, Unavailable
from usecase_runtime.server import Receive, Scope, Send, serving

SAMPLED, UNSAMPLED = f"00-{'a' * 32}-{'b' * 16}-01", f"00-{'c' * 32}-{'d' * 16}-00"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("usecase_http.client.FIRST_WAIT_SECONDS", 0)


class MongoData:
    """Stores every batch but those with a task that it answers otherwise."""

    def __init__(self, answers: dict[int, int] | None = None) -> None:
        self.answers = answers or {}
        self.stored: list[int] = []
        self.batches: list[list[int]] = []
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        tasks = [record["task_id"] for record in json.loads(body)["records"]]
        status = max((self.answers.get(task, 200) for task in tasks), default=200)
        self.batches.append(tasks)
        self.headers.append(dict(scope["headers"]))
        self.stored += tasks if status == 200 else []
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


@asynccontextmanager
async def analytics(mongo: MongoData, most: int = 100) -> AsyncIterator[Analytics]:
    async with (
        serving(mongo, 0, host="127.0.0.1", grace=1) as port,
        http_client(f"http://127.0.0.1:{port}") as client,
    ):
        yield Analytics(client, most, 0.01)


async def outcomes(worker: Analytics, *tasks: int) -> list[object]:
    """What becomes of a message for each of these tasks, all at once."""
    calls = (worker.handle(domain.record(created(id=task))) for task in tasks)
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_what_arrives_together_is_one_call() -> None:
    mongo = MongoData()
    async with analytics(mongo) as worker:
        assert await outcomes(worker, *range(1, 51)) == [None] * 50
    assert mongo.batches == [list(range(1, 51))]


async def test_a_batch_has_a_size() -> None:
    mongo = MongoData()
    async with analytics(mongo, most=20) as worker:
        await outcomes(worker, *range(1, 51))
    assert [len(batch) for batch in mongo.batches] == [20, 20, 10]


@pytest.mark.parametrize(("status", "verdict"), [(422, Reject), (500, ServerError)])
async def test_one_bad_message_leaves_its_batch_alone(status: int, verdict: type[Exception]) -> None:
    mongo = MongoData({3: status})
    async with analytics(mongo) as worker:
        found = await outcomes(worker, 1, 2, 3, 4)
    assert sorted(mongo.stored) == [1, 2, 4]
    assert [type(each) for each in found] == [type(None), type(None), verdict, type(None)]


async def test_an_outage_is_nobodys_fault_and_is_not_asked_one_by_one() -> None:
    mongo = MongoData({1: 503})
    async with analytics(mongo) as worker:
        found = await outcomes(worker, 1, 2, 3)
    assert [type(each) for each in found] == [Unavailable] * 3
    assert {len(batch) for batch in mongo.batches} == {3}


async def test_an_address_that_is_not_mongo_datas_loses_nothing() -> None:
    mongo = MongoData({1: 404})
    async with analytics(mongo) as worker:
        (found,) = await outcomes(worker, 1)
    assert isinstance(found, Unavailable)
    assert "ANALYTICS_SERVICE_URL" in str(found)


async def test_a_batch_speaks_for_the_trace_that_is_kept_and_for_no_single_request() -> None:
    async def from_request(number: int, trace: str) -> None:
        context.request_id.set(f"r-{number}")
        context.traceparent.set(trace)
        await worker.handle(domain.record(created(id=number)))

    mongo = MongoData()
    async with analytics(mongo) as worker:
        await from_request(1, UNSAMPLED)
        await asyncio.gather(from_request(2, UNSAMPLED), from_request(3, SAMPLED))
    alone, together = mongo.headers
    assert (alone[b"x-request-id"], alone[b"traceparent"]) == (b"r-1", UNSAMPLED.encode())
    assert (together.get(b"x-request-id"), together[b"traceparent"]) == (None, SAMPLED.encode())


async def test_what_is_not_counted_asks_nobody() -> None:
    mongo = MongoData()
    async with analytics(mongo) as worker:
        await worker.handle(None)
    assert mongo.batches == []


def test_what_is_no_message_is_a_value_error() -> None:
    assert read(serialize(created())) is not None
    with pytest.raises(ValueError, match="validation error"):
        read(b"{}")
