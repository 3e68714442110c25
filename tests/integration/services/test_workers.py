"""Both workers in their story: what postgres-data tells arrives, and what is no message harms nobody.

What only one of them does has its own folder: `reminder_worker`, `analytics_worker`.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from cluster.polling import eventually
from integration.services.broker import Vhost
from integration.services.process import START_SECONDS, Process, environment, service
from integration.services.strange import all_are_settled
from integration.services.workers import ANALYTICS, REMINDERS, Kind, acknowledged, bodies, faulty, tell
from task_messages import created
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, TASK_EVENTS, dlq_of, retry_of

BOTH = pytest.mark.parametrize("kind", [ANALYTICS, REMINDERS], ids=["analytics", "reminders"])
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
def postgres_data(empty_dsn: str, vhost: Vhost) -> Iterator[Process]:
    variables = {"DATABASE_URL": empty_dsn, "RABBITMQ_URL": vhost.url, "CONNECTION_POOL_SIZE": "5"}
    with service("usecase_postgres_data", variables) as running:
        yield running


@pytest.fixture
def mongo_data(mongodb_url: str) -> Iterator[Process]:
    url = urlsplit(mongodb_url)._replace(path=f"/test_{uuid4().hex[:12]}").geturl()
    with service("usecase_mongo_data", {"MONGODB_URL": url}) as running:
        yield running


@pytest.fixture
def upstream(kind: Kind, request: pytest.FixtureRequest) -> Process:
    """The data service that this kind of worker writes to."""
    running: Process = request.getfixturevalue("mongo_data" if kind is ANALYTICS else "postgres_data")
    return running


def poison_of(kind: Kind) -> tuple[Any, bytes]:
    """A message, and what its worker's request holds."""
    message = created(id=666, user_id=1, due_date=TOMORROW)
    return message, b'"task_id":666'


def register(postgres_data: Process) -> int:
    body = {"username": "owner", "email": "owner@example.com", "hashed_password": "$x"}
    user_id: int = postgres_data.http.post("/users", json=body).json()["id"]
    return user_id


def dead(vhost: Vhost, kind: Kind) -> list[dict[str, Any]]:
    return vhost.messages(dlq_of(kind.queue))


def test_what_happens_to_a_task_reaches_statistics_and_bot(
    postgres_data: Process, mongo_data: Process, vhost: Vhost
) -> None:
    with ANALYTICS.run(vhost, mongo_data.url), REMINDERS.run(vhost, postgres_data.url):
        owner = register(postgres_data)
        due = datetime.now(UTC) + timedelta(hours=1, seconds=2)
        body = {"user_id": owner, "title": "Call mom", "due_date": due.isoformat(), "transaction_id": str(uuid4())}
        task = postgres_data.http.post("/tasks", json=body).json()
        history = f"/task_analytics/task/{task['id']}"
        found = eventually(
            lambda: (answer := mongo_data.http.get(history)).status_code == 200 and answer.json(),
            1,
            "analytics of the creation, within the seed's second",
            every=0.02,
        )
        assert found["action"] == "created"
        eventually(lambda: vhost.messages(BOT_NOTIFICATIONS_QUEUE), 10, "the reminder on the bot's queue")
        postgres_data.http.patch(f"/tasks/{task['id']}", json={"status": "completed"})
        completion = eventually(
            lambda: (answer := mongo_data.http.get(f"{history}/completion")).status_code == 200 and answer.json(),
            1,
            "analytics of the completion, within the seed's second",
            every=0.02,
        )
        assert completion["completed_at"] is not None
        reminders = f"/tasks/{task['id']}/reminders"
        eventually(
            lambda: (
                {each["state"] for each in postgres_data.http.get(reminders).json()["data"]} == {"sent", "cancelled"}
            ),
            10,
            "the overdue notice cancelled",
        )


@BOTH
def test_what_is_no_message_is_dead_lettered_at_once_and_the_next_is_handled(
    kind: Kind, upstream: Process, vhost: Vhost
) -> None:
    with kind.run(vhost, upstream.url) as worker:
        vhost.publish(TASK_EVENTS, "task.nonsense", b"nonsense")
        tell(vhost, created())
        found = eventually(lambda: dead(vhost, kind), 10, "a dead letter")
        eventually(lambda: acknowledged(worker) == 1, 10, "the message after it")
    assert bodies(found) == ["nonsense"]
    assert "x-tries" not in found[0]["properties"]["headers"]


@BOTH
def test_poison_is_dead_lettered_after_exactly_the_set_tries(kind: Kind, upstream: Process, vhost: Vhost) -> None:
    """Poison is what its data service breaks on; messages around it are none the worse."""
    message, mark = poison_of(kind)
    tries = {f"{kind.queue.upper()}_MAX_TRIES": "3"}
    with faulty(upstream, mark) as (fault, url), kind.run(vhost, url, **tries) as worker:
        tell(vhost, created(id=1), message, created(id=2))
        (letter,) = eventually(lambda: dead(vhost, kind), 60, "a dead letter")
        eventually(lambda: acknowledged(worker) == 2, 10, "the messages around it")
        assert fault.poisoned >= 3
    headers = letter["properties"]["headers"]
    assert json.loads(letter["payload"])["data"]["id"] == 666
    assert headers["x-tries"] == 2, "two tries failed before the last"
    assert headers["x-last-error"].startswith("ServerError")


@BOTH
def test_it_is_ready_while_the_broker_has_its_consumer(kind: Kind, upstream: Process, vhost: Vhost) -> None:
    vhost.request("DELETE", f"/queues/{{v}}/{kind.queue}").raise_for_status()
    with kind.run(vhost, upstream.url, wait=False) as worker:
        eventually(
            lambda: "NOT_FOUND" in worker.missing().get("consumer", ""), 10, "readiness that names the missing queue"
        )
        vhost.make((kind.queue,))
        eventually(worker.ready, 20, "readiness")
        eventually(lambda: vhost.consumers(kind.queue) == 1, 20, "the broker's count of consumers")
        vhost.request("DELETE", f"/queues/{{v}}/{retry_of(kind.queue)}").raise_for_status()
        vhost.request("DELETE", f"/queues/{{v}}/{kind.queue}").raise_for_status()
        eventually(lambda: not worker.ready(), 10, "no readiness without a queue")
        assert worker.stop() == 0


@BOTH
def test_it_starts_and_stops_while_nobody_is_there(kind: Kind, vhost: Vhost) -> None:
    """Without broker and data service: alive, not ready, and gone when told."""
    with kind.run(vhost, "http://127.0.0.1:1", wait=False, RABBITMQ_URL="amqp://guest:guest@127.0.0.1:1/") as worker:
        eventually(worker.alive, START_SECONDS, "the ops port")
        assert not worker.ready()
        assert worker.stop() == 0


@BOTH
def test_without_its_environment_it_says_what_it_needs(kind: Kind) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", kind.module], env=environment(), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.splitlines()) == (
        2,
        [f"{kind.upstream}: is not set", "RABBITMQ_URL: is not set"],
    )


def fuzz(kind: Kind, upstream: Process, vhost: Vhost, examples: int, derandomize: bool) -> None:
    with kind.run(vhost, upstream.url) as worker:
        all_are_settled(worker, lambda body: vhost.publish(TASK_EVENTS, "task.fuzz", body), examples, derandomize)
        done = acknowledged(worker)
        tell(vhost, created())
        eventually(lambda: acknowledged(worker) == done + 1, 10, "an ordinary message")
        assert worker.stop() == 0
    assert vhost.messages(kind.queue) == []


@BOTH
def test_no_message_kills_a_worker(kind: Kind, upstream: Process, vhost: Vhost) -> None:
    fuzz(kind, upstream, vhost, examples=25, derandomize=True)


@pytest.mark.soak
@BOTH
def test_no_message_kills_a_worker_however_many(kind: Kind, upstream: Process, vhost: Vhost) -> None:
    fuzz(kind, upstream, vhost, examples=3000, derandomize=False)
