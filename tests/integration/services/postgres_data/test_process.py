"""postgres-data as a process: it starts, serves, survives outages and stops as it should."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from cluster.backends import Running
from cluster.polling import eventually
from integration.services.broker import Vhost
from integration.services.process import START_SECONDS, Process, environment, service
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE

MODULE = "usecase_postgres_data"


@pytest.fixture
def variables(empty_dsn: str, vhost: Vhost) -> dict[str, str]:
    return {"DATABASE_URL": empty_dsn, "RABBITMQ_URL": vhost.url, "CONNECTION_POOL_SIZE": "5"}


@pytest.fixture
def process(variables: dict[str, str]) -> Iterator[Process]:
    with service(MODULE, variables) as running:
        yield running


def register(process: Process) -> int:
    body = {"username": f"user-{uuid4().hex[:8]}", "email": f"{uuid4().hex}@example.com", "hashed_password": "$x"}
    answer = process.http.post("/users", json=body)
    assert answer.status_code == 201, answer.text
    user_id: int = answer.json()["id"]
    return user_id


def create(process: Process, user_id: int, **values: Any) -> httpx.Response:
    return process.http.post("/tasks", json={"user_id": user_id, "title": "t"} | values)


def events(vhost: Vhost) -> list[Any]:
    return [json.loads(message["payload"]) for message in vhost.messages(TASK_ANALYTICS_QUEUE)]


def test_a_create_is_told_to_the_broker_with_its_request_id(process: Process, vhost: Vhost) -> None:
    user_id = register(process)
    answer = process.http.post("/tasks", json={"user_id": user_id, "title": "t"}, headers={"x-request-id": "r-7"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (201, "r-7")
    (message,) = eventually(lambda: vhost.messages(TASK_ANALYTICS_QUEUE), 10, "the message")
    assert message["properties"]["headers"]["x-request-id"] == "r-7"
    assert json.loads(message["payload"])["data"]["id"] == answer.json()["id"]


def test_the_ops_port_tells_of_the_work(process: Process) -> None:
    create(process, register(process))
    assert process.ops.get("/healthz").status_code == 200
    metrics = eventually(
        lambda: (
            (text := process.ops.get("/metrics").text)
            and 'outbox_relayed_total{exchange="task_events"}' in text
            and text
        ),
        10,
        "the relay's counter",
    )
    assert (
        'http_requests_total{endpoint="/tasks",method="POST",service="postgres-data",status_code="201"} 1.0' in metrics
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(process: Process, number: signal.Signals) -> None:
    create(process, register(process))
    assert process.stop(number) == 0


def test_every_create_that_was_worked_on_is_answered_before_it_stops(
    process: Process, variables: dict[str, str]
) -> None:
    user_id = register(process)
    answers: list[int] = []

    def keep_creating() -> None:
        headers = {**process.http.headers, "connection": "close"}
        with (
            httpx.Client(base_url=process.http.base_url, headers=headers) as client,
            # The end: nobody listens any more, or nobody took up the connection.
            contextlib.suppress(httpx.TransportError),
        ):
            while True:
                answers.append(client.post("/tasks", json={"user_id": user_id, "title": "t"}).status_code)

    threads = [threading.Thread(target=keep_creating) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(answers) > 20, 10, "some creates")
    assert process.stop() == 0
    for thread in threads:
        thread.join()
    assert set(answers) == {201}
    assert asyncio.run(count_tasks(variables["DATABASE_URL"])) == len(answers)


async def count_tasks(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    found: int = await connection.fetchval("select count(*) from tasks")
    await connection.close()
    return found


def test_it_waits_for_its_database_and_stops_while_waiting(variables: dict[str, str]) -> None:
    away = {**variables, "DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/nothing"}
    with service(MODULE, away, wait=False) as process:
        eventually(process.alive, START_SECONDS, "the ops port")
        assert process.ops.get("/readyz").json()["missing"] == {"process": "not yet"}
        assert process.stop() == 0


def test_a_database_that_is_killed_is_a_503_and_then_it_goes_on(
    process: Process, postgres: Running, vhost: Vhost
) -> None:
    user_id = register(process)
    assert create(process, user_id).status_code == 201
    postgres.kill()
    refused = create(process, user_id)
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:usecase:database-unavailable")
    assert not process.ready()
    assert process.ops.get("/healthz").status_code == 200
    postgres.resume()
    eventually(process.ready, 20, "readiness")
    again = eventually(lambda: (answer := create(process, user_id)).status_code == 201 and answer, 20, "a create")
    eventually(lambda: again.json()["id"] in [event["data"]["id"] for event in events(vhost)], 20, "its message")


def test_without_a_broker_creates_go_on_and_are_told_later(variables: dict[str, str], vhost: Vhost) -> None:
    away = {**variables, "RABBITMQ_URL": vhost.url.replace("guest:guest", "guest:wrong")}
    with service(MODULE, away) as process:
        user_id = register(process)
        made = [create(process, user_id).json()["id"] for _ in range(3)]
    assert events(vhost) == []
    with service(MODULE, variables):
        eventually(lambda: sorted(event["data"]["id"] for event in events(vhost)) == made, 10, "all three")


def test_two_replicas_share_the_work(variables: dict[str, str], vhost: Vhost) -> None:
    with service(MODULE, variables) as one, service(MODULE, variables) as other:
        user_id = register(one)
        made = [create(replica, user_id).json()["id"] for replica in (one, other) * 10]
        eventually(lambda: len(events(vhost)) >= 20, 10, "every message")
    assert sorted(event["data"]["id"] for event in events(vhost)) == sorted(made)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        pytest.param({}, "DATABASE_URL: is not set\nRABBITMQ_URL: is not set", id="nothing"),
        pytest.param(
            {"DATABASE_URL": "postgresql://h/d", "RABBITMQ_URL": "amqp://h"},
            "INTERNAL_TOKEN is not set: set it, or DEBUG=true for development",
            id="no credential",
        ),
        pytest.param(
            {"DATABASE_URL": "postgresql://h/d", "RABBITMQ_URL": "amqp://h", "DEBUG": "true", "PORT": "http"},
            "PORT: Input should be a valid integer, unable to parse string as an integer",
            id="a port by name",
        ),
        pytest.param(
            {"DATABASE_URL": "foo", "RABBITMQ_URL": "rabbitmq:5672", "DEBUG": "true"},
            "DATABASE_URL: must begin with postgresql:// or postgres://\nRABBITMQ_URL: must begin with amqp:// or amqps://",
            id="no addresses",
        ),
        pytest.param(
            {"DATABASE_URL": "postgresql://h/d?sslmode=maybe", "RABBITMQ_URL": "amqp://h", "DEBUG": "true"},
            "DATABASE_URL: `sslmode` parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full",
            id="an option that PostgreSQL does not know",
        ),
    ],
)
def test_a_wrong_environment_is_said_in_one_line_a_variable(variables: dict[str, str], line: str) -> None:
    env = environment(METRICS_PORT="0", **variables)
    ended = subprocess.run(
        [sys.executable, "-m", MODULE], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr.strip()) == (2, line)
