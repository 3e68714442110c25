"""mongo-data as a process: the seed's paths, an outage, a stop."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from cluster.backends import Running
from cluster.polling import eventually
from integration.services.process import Process, environment, service

MODULE = "usecase_mongo_data"


@pytest.fixture
def process(mongodb_url: str) -> Iterator[Process]:
    url = urlsplit(mongodb_url)._replace(path=f"/test_{uuid4().hex[:12]}").geturl()
    with service(MODULE, {"MONGODB_URL": url}) as running:
        yield running


def bulk(process: Process, *records: dict[str, object]) -> httpx.Response:
    own = {"task_id": 5, "user_id": 3, "timestamp": "2026-11-23T10:00:00Z"}
    return process.http.post(
        "/task_analytics/bulk", json={"records": [{"event_id": str(uuid4()), **own, **each} for each in records]}
    )


def test_what_the_seed_reads_is_there_after_a_batch(process: Process) -> None:
    done = {"action": "completed", "completed_at": "2026-11-23T12:00:00Z", "timestamp": "2026-11-23T12:00:00Z"}
    assert bulk(process, {"action": "created"}, done).json() == {"inserted": 2, "duplicates": 0}
    history = process.http.get("/task_analytics/task/5").json()
    assert (history["action"], history["latest_action"]) == ("created", "completed")
    assert process.http.get("/task_analytics/task/5/completion").json()["completed_at"] == "2026-11-23T12:00:00Z"
    assert process.http.get("/users/3/task_analytics").json()["data"]["created"] == 1


def test_what_is_not_known_is_not_found(process: Process) -> None:
    bulk(process, {"action": "created"})
    assert process.http.get("/task_analytics/task/6").status_code == 404
    assert process.http.get("/task_analytics/task/5/completion").status_code == 404


def test_a_batch_of_the_largest_size_is_taken(process: Process) -> None:
    records = [{"action": "created", "task_id": number, "metadata": {"title": "x" * 400}} for number in range(1, 1001)]
    answer = bulk(process, *records)
    assert (answer.status_code, answer.json()["inserted"]) == (200, 1000)
    assert bulk(process, *records, {"action": "created"}).status_code == 422


def test_periods_are_computed_and_read(process: Process) -> None:
    bulk(process, *({"action": "created", "task_id": number} for number in range(1, 6)))
    period = {"period_start": "2026-11-23T00:00:00Z", "period_end": "2026-11-24T00:00:00Z"}
    assert process.http.post("/productivity_stats", json=period).json() == {"users": 1}
    assert process.http.post("/productivity_stats", json={**period, "min_tasks": 6}).json() == {"users": 0}
    (stats,) = process.http.get("/users/3/productivity_stats").json()["data"]
    assert stats["total_tasks"] == 5


def test_a_server_that_is_killed_is_a_503_and_then_it_goes_on(process: Process, mongodb: Running) -> None:
    mongodb.kill()
    refused = bulk(process, {"action": "created"})
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:usecase:database-unavailable")
    assert not process.ready()
    mongodb.resume()
    eventually(process.ready, 20, "readiness")
    assert bulk(process, {"action": "created"}).status_code == 200


def test_it_stops_cleanly(process: Process) -> None:
    bulk(process, {"action": "created"})
    assert process.stop() == 0


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        pytest.param({}, "MONGODB_URL: is not set", id="nothing"),
        pytest.param({"MONGODB_URL": "mongodb://h/d"}, "INTERNAL_TOKEN is not set", id="no credential"),
        pytest.param({"MONGODB_URL": "foo", "DEBUG": "true"}, "MONGODB_URL: must begin with mongodb://", id="a word"),
        pytest.param(
            {"MONGODB_URL": "mongodb://h", "DEBUG": "true"}, "MONGODB_URL: names no database", id="no database"
        ),
        pytest.param(
            {"MONGODB_URL": "mongodb://u:hunter2@one,two/d?directConnection=true", "DEBUG": "true"},
            "MONGODB_URL: MongoDB's driver does not take it",
            id="options that contradict the hosts",
        ),
    ],
)
def test_a_wrong_environment_is_one_line_that_names_the_variable(variables: dict[str, str], line: str) -> None:
    env = environment(METRICS_PORT="0", **variables)
    ended = subprocess.run(
        [sys.executable, "-m", MODULE], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    (said,) = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert said.startswith(line)
    assert "hunter2" not in said
