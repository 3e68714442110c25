"""The analytics worker as a process, between a real broker and a real mongo-data."""

import asyncio
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aio_pika
import pytest

from cluster.polling import eventually
from integration.services.broker import Vhost
from integration.services.process import Process, free_port, service
from integration.services.workers import ANALYTICS, acknowledged, retried, tell
from task_messages import CREATED_AT, completed, created, creation_failed, deleted, updated
from usecase_contracts.messages import Message, parse
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE, dlq_of
from usecases import ROOT

MONGO_DATA = "usecase_mongo_data"
VISIBLE_SECONDS = 1.0
USERS = count(1)


@pytest.fixture(scope="module")
def mongo_variables(mongodb_url: str) -> dict[str, str]:
    url = urlsplit(mongodb_url)._replace(path=f"/test_{uuid4().hex[:12]}").geturl()
    return {"MONGODB_URL": url, "PORT": str(free_port())}


@pytest.fixture(scope="module")
def mongo_data(mongo_variables: dict[str, str]) -> Iterator[Process]:
    with service(MONGO_DATA, mongo_variables) as running:
        yield running


@pytest.fixture
def worker(vhost: Vhost, mongo_data: Process) -> Iterator[Process]:
    with ANALYTICS.run(vhost, mongo_data.url) as running:
        yield running


@pytest.fixture
def user() -> int:
    """Somebody of whom nothing is known yet."""
    return next(USERS)


def counts(mongo_data: Process, user: int) -> dict[str, Any]:
    found: dict[str, Any] = mongo_data.http.get(f"/users/{user}/task_analytics").json()["data"]
    return found


def history(mongo_data: Process, task: int) -> list[str]:
    """What is known of a task, in order of time."""
    answer = mongo_data.http.get(f"/task_analytics/task/{task}")
    return [each["action"] for each in answer.json()["history"]] if answer.status_code == 200 else []


def until_created(mongo_data: Process, user: int, expected: int, seconds: float = 20) -> None:
    eventually(
        lambda: counts(mongo_data, user)["created"] >= expected, seconds, f"{expected} creations of {user}", every=0.02
    )
    assert counts(mongo_data, user)["created"] == expected


def of_task(message: Message, at: datetime) -> Message:
    return message.model_copy(update={"timestamp": at})


def test_every_kind_of_event_becomes_its_record(worker: Process, vhost: Vhost, mongo_data: Process, user: int) -> None:
    task = 1000 + user
    own = {"id": task, "user_id": user}
    golden = (ROOT / "tests" / "contract" / "messages" / "attachment_added.v1.json").read_bytes()
    attached = parse(golden)
    attached = attached.model_copy(update={"data": attached.data.model_copy(update=own)})
    told = [
        created(**own, priority="high"),
        updated({"title": ("a", "b")}, **own),
        updated({"status": ("active", "in_progress")}, **own),
        attached,
        completed(CREATED_AT + timedelta(hours=3), **own),
        updated({"status": ("completed", "cancelled")}, **own),
        deleted(**own),
    ]
    tell(vhost, *(of_task(message, CREATED_AT + timedelta(hours=hour)) for hour, message in enumerate(told)))
    expected = ["created", "updated", "status_changed", "attachment_added", "completed", "cancelled", "deleted"]
    eventually(lambda: history(mongo_data, task) == expected, 10, "the whole history", every=0.02)
    known = counts(mongo_data, user)
    assert (known["created"], known["completed"], known["cancelled"], known["deleted"]) == (1, 1, 1, 1)
    assert known["created_by_priority"] == {"high": 1}
    completion = mongo_data.http.get(f"/task_analytics/task/{task}/completion").json()
    assert (completion["completed_at"], completion["completion_hours"]) == ("2026-11-23T11:00:00Z", 3.0)
    log = mongo_data.http.get("/activity_logs", params={"user_id": user}).json()["data"]
    assert [each["action"] for each in reversed(log)] == [f"task_{action}" for action in expected]


def test_an_undone_creation_takes_its_task_out_of_every_count(
    worker: Process, vhost: Vhost, mongo_data: Process, user: int
) -> None:
    failed = creation_failed()
    failed = failed.model_copy(update={"data": failed.data.model_copy(update={"id": 2000 + user, "user_id": user})})
    tell(vhost, failed, created(id=2000 + user, user_id=user), created(id=3000 + user, user_id=user))
    until_created(mongo_data, user, 1)
    assert history(mongo_data, 2000 + user) == []


def test_what_is_told_is_read_within_a_second(worker: Process, vhost: Vhost, mongo_data: Process, user: int) -> None:
    """By the worker's own clock, from the delivery of a message until it can be read."""
    for number in range(1, 6):
        tell(vhost, created(id=number, user_id=user))
        until_created(mongo_data, user, number)
    eventually(lambda: acknowledged(worker) == 5, 10, "five messages", every=0.02)
    bucket = f'message_processing_duration_seconds_bucket{{le="{VISIBLE_SECONDS}",queue="task_analytics"}} 5.0'
    assert bucket in worker.ops.get("/metrics").text


def test_a_message_that_comes_again_is_counted_once(
    worker: Process, vhost: Vhost, mongo_data: Process, user: int
) -> None:
    again = created(id=1, user_id=user)
    tell(vhost, again, again)
    until_created(mongo_data, user, 1)
    tell(vhost, again, created(id=2, user_id=user))
    until_created(mongo_data, user, 2)


def test_order_does_not_matter(worker: Process, vhost: Vhost, mongo_data: Process, user: int) -> None:
    task = 4000 + user
    own = {"id": task, "user_id": user}
    done = completed(CREATED_AT + timedelta(hours=1), **own)
    tell(vhost, done)
    eventually(lambda: counts(mongo_data, user)["completed"] == 1, 10, "the completion")
    assert history(mongo_data, task) == []
    tell(vhost, created(**own))
    eventually(lambda: history(mongo_data, task) == ["created", "completed"], 10, "both", every=0.02)


def test_many_messages_are_few_calls(worker: Process, vhost: Vhost, mongo_data: Process, user: int) -> None:
    tell(vhost, *(created(id=number, user_id=user) for number in range(1, 201)))
    until_created(mongo_data, user, 200)
    metrics = worker.ops.get("/metrics").text
    calls = next(line for line in metrics.splitlines() if line.startswith("analytics_batch_records_count"))
    assert float(calls.split()[1]) < 100


def test_two_workers_count_every_message_once(vhost: Vhost, mongo_data: Process, user: int) -> None:
    told = [created(id=number, user_id=user) for number in range(1, 151)]
    with ANALYTICS.run(vhost, mongo_data.url) as one, ANALYTICS.run(vhost, mongo_data.url) as other:
        tell(vhost, *told, *told)
        until_created(mongo_data, user, 150)
        eventually(lambda: acknowledged(one) + acknowledged(other) == 300, 20, "every copy acknowledged")
        assert all(acknowledged(each) > 0 for each in (one, other))
    assert counts(mongo_data, user)["created"] == 150


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_ends_in_the_middle_loses_nothing(
    number: signal.Signals, vhost: Vhost, mongo_data: Process, user: int
) -> None:
    told = [created(id=number, user_id=user) for number in range(1, 201)]
    with ANALYTICS.run(vhost, mongo_data.url, FLUSH_INTERVAL_SECONDS="1", BATCH_SIZE="30") as worker:
        tell(vhost, *told[:100])
        eventually(lambda: counts(mongo_data, user)["created"], 10, "the first batch", every=0.01)
        tell(vhost, *told[100:])
        assert worker.stop(number) == (0 if number is signal.SIGTERM else -signal.SIGKILL)
    with ANALYTICS.run(vhost, mongo_data.url):
        until_created(mongo_data, user, 200)
    assert vhost.messages(dlq_of(TASK_ANALYTICS_QUEUE)) == []


def test_a_stop_stores_the_batch_that_is_not_full(vhost: Vhost, mongo_data: Process, user: int) -> None:
    with ANALYTICS.run(vhost, mongo_data.url, FLUSH_INTERVAL_SECONDS="1") as worker:
        tell(vhost, *(created(id=number, user_id=user) for number in range(1, 11)))
        eventually(lambda: asyncio.run(waiting(vhost)) == 0, 10, "all in the worker's hand", every=0.01)
        assert worker.stop() == 0
    assert counts(mongo_data, user)["created"] == 10
    assert vhost.messages(TASK_ANALYTICS_QUEUE) == []


async def waiting(vhost: Vhost) -> int | None:
    """Messages in the queue that nobody has in hand, as the broker counts them now."""
    async with await aio_pika.connect(vhost.url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(TASK_ANALYTICS_QUEUE, passive=True)
        return queue.declaration_result.message_count


def test_mongo_data_may_be_away_for_longer_than_any_number_of_tries(vhost: Vhost, mongodb_url: str, user: int) -> None:
    url = urlsplit(mongodb_url)._replace(path=f"/test_{uuid4().hex[:12]}").geturl()
    variables = {"MONGODB_URL": url, "PORT": str(free_port())}
    told = [created(id=number, user_id=user) for number in range(1, 21)]
    with service(MONGO_DATA, variables) as mongo_data:
        address = mongo_data.url
    with ANALYTICS.run(vhost, address, TASK_ANALYTICS_MAX_TRIES="1") as worker:
        tell(vhost, *told)
        eventually(lambda: retried(worker) >= 2 * len(told), 30, "every message put aside twice")
        assert worker.ready()
        with service(MONGO_DATA, variables) as mongo_data:
            until_created(mongo_data, user, len(told))
    assert vhost.messages(dlq_of(TASK_ANALYTICS_QUEUE)) == []


def test_productivity_is_computed_every_interval_and_kept_once(vhost: Vhost, mongo_data: Process, user: int) -> None:
    often = {"ANALYTICS_INTERVAL_SECONDS": "1"}
    with ANALYTICS.run(vhost, mongo_data.url, **often), ANALYTICS.run(vhost, mongo_data.url, **often):
        now = datetime.now(UTC)
        tell(vhost, *(of_task(created(id=task, user_id=user), now) for task in range(1, 6)))
        eventually(lambda: totals(mongo_data, user)[:1] == [5], 10, "five tasks")
        tell(vhost, of_task(created(id=6, user_id=user), now))
        eventually(lambda: totals(mongo_data, user)[:1] == [6], 10, "the sixth")
    # Twice only where the test met midnight.
    assert len(totals(mongo_data, user)) == 1 or datetime.now(UTC).day != now.day


def totals(mongo_data: Process, user: int) -> list[int]:
    found = mongo_data.http.get(f"/users/{user}/productivity_stats").json()["data"]
    return [each["total_tasks"] for each in found]


def test_it_waits_for_a_mongo_data_that_refuses_its_credential(vhost: Vhost, mongo_data: Process, user: int) -> None:
    """A wrong token is no fault of any message."""
    tell(vhost, created(id=1, user_id=user))
    with ANALYTICS.run(vhost, mongo_data.url, INTERNAL_TOKEN="wrong", TASK_ANALYTICS_MAX_TRIES="1") as worker:
        eventually(lambda: retried(worker) >= 1, 10, "the message put aside")
    with ANALYTICS.run(vhost, mongo_data.url):
        until_created(mongo_data, user, 1)
