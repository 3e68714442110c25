"""The api as a process: it starts, says whether it may get work, serves and stops as it should."""

import contextlib
import signal
import subprocess
import sys
import threading

import httpx
import pytest

from cluster.polling import eventually
from integration.services.api.running import Api, User
from integration.services.process import environment, service

MODULE = "usecase_api"


def test_it_is_ready_after_the_first_contact_with_postgres_data(api: Api) -> None:
    nowhere = api.variables(DATABASE_SERVICE_URL="http://127.0.0.1:1")
    with service(MODULE, nowhere, wait=False) as process:
        reason = eventually(
            lambda: process.missing().get("postgres-data", "not yet") != "not yet" and process.missing(),
            20,
            "a reason",
        )
        assert set(reason) == {"postgres-data"}
        assert "Cannot connect" in reason["postgres-data"]
        assert process.http.get("/health").status_code == 200
        assert process.stop() == 0


def test_a_wrong_internal_credential_is_said(api: Api) -> None:
    with service(MODULE, api.variables(INTERNAL_TOKEN="wrong"), wait=False) as process:
        eventually(lambda: "refuses our credential" in str(process.missing()), 20, "the reason")
        assert not process.ready()


def test_the_ops_port_tells_of_the_work(api: Api) -> None:
    api.user().task()
    metrics = api.process.ops.get("/metrics").text
    assert 'http_requests_total{endpoint="/api/v1/tasks",method="POST",service="api",status_code="201"}' in metrics
    assert 'circuit_open{peer="postgres-data"} 0.0' in metrics
    assert api.process.ops.get("/healthz").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(api: Api, number: signal.Signals) -> None:
    replica = api.start()
    api.user(replica).task()
    assert replica.stop(number) == 0


def test_every_create_that_was_worked_on_is_answered_before_it_stops(api: Api) -> None:
    replica = api.start()
    user = api.user(replica)
    answers: list[int] = []

    def keep_creating() -> None:
        headers = {**user.http.headers, "connection": "close"}
        with (
            httpx.Client(base_url=user.http.base_url, headers=headers) as client,
            # The end: nobody listens any more, or nobody took up the connection.
            contextlib.suppress(httpx.TransportError),
        ):
            while True:
                answers.append(client.post("/api/v1/tasks", json={"title": "t"}).status_code)

    threads = [threading.Thread(target=keep_creating) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(answers) > 20, 10, "some creates")
    assert replica.stop() == 0
    for thread in threads:
        thread.join()
    assert set(answers) == {201}
    listed = api.http.get("/api/v1/tasks", headers={"authorization": user.http.headers["authorization"]})
    assert listed.json()["total"] == len(answers)


def test_many_users_at_once_lose_nothing(api: Api) -> None:
    """The seed's load: five users, ten tasks each, all at the same time."""
    users = [api.user() for _ in range(5)]
    ids: list[int] = []

    def create(user: User) -> None:
        ids.extend(user.task() for _ in range(10))

    threads = [threading.Thread(target=create, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 50
    assert [user.http.get("/api/v1/tasks").json()["total"] for user in users] == [10] * 5


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        pytest.param(
            {},
            "DATABASE_SERVICE_URL: is not set\nANALYTICS_SERVICE_URL: is not set\nREDIS_URL: is not set",
            id="nothing",
        ),
        pytest.param(
            {"DATABASE_SERVICE_URL": "http://h", "ANALYTICS_SERVICE_URL": "http://h", "REDIS_URL": "redis://h"},
            "SECRET_KEY is not set: set it, or DEBUG=true for development",
            id="no key",
        ),
    ],
)
def test_a_wrong_environment_is_said_in_one_line_a_variable(variables: dict[str, str], line: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", MODULE], env=environment(**variables), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.strip()) == (2, line)
