"""A create whose answer is lost: tried again as the same, or given up; never two tasks, never one after a 503."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from cluster.polling import eventually
from integration.services.api.lossy import Way, lossy_way
from integration.services.api.running import Api, User
from integration.services.process import Process
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE

CREATE = rb"POST /tasks "
POD_MARGIN = 10
"""What the operator's `render/lifetime.py` adds to the grace before a pod is killed."""


@pytest.fixture
def way(api: Api) -> Iterator[Way]:
    with lossy_way(api.address_of("postgres-data")) as made:
        yield made


@pytest.fixture
def replica(api: Api, way: Way) -> Process:
    return api.start(DATABASE_SERVICE_URL=way.url)


@pytest.fixture
def user(api: Api, replica: Process) -> User:
    return api.user(replica)


def titles(user: User) -> list[str]:
    return [task["title"] for task in user.http.get("/api/v1/tasks").json()["tasks"]]


def events_of(api: Api, user_id: int) -> list[str]:
    found = [json.loads(message["payload"]) for message in api.vhost.messages(TASK_ANALYTICS_QUEUE)]
    return [each["event_type"] for each in found if each["data"]["user_id"] == user_id]


@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_makes_no_second_task(way: Way, user: User, times: int) -> None:
    way.lose(CREATE, times)
    assert user.http.post("/api/v1/tasks", json={"title": "once"}).status_code == 201
    assert way.lost == times
    assert titles(user) == ["once"]


def test_what_stays_unknown_is_undone_before_the_503(api: Api, way: Way, user: User) -> None:
    user_id = user.http.post("/api/v1/tasks", json={"title": "before"}).json()["user_id"]
    way.lose(CREATE)
    answer = user.http.post("/api/v1/tasks", json={"title": "unknown"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert way.lost == 3
    assert titles(user) == ["before"]
    events = eventually(
        lambda: "task_creation_failed" in (seen := events_of(api, user_id)) and seen, 10, "the compensation's message"
    )
    assert sorted(events) == ["task_created", "task_created", "task_creation_failed"]


def test_giving_up_waits_for_postgres_data_however_long(way: Way, replica: Process, user: User) -> None:
    way.lose(rb"POST /(tasks|transactions/)")
    assert user.http.post("/api/v1/tasks", json={"title": "unknown"}).status_code == 503
    pending = "creates_of_unknown_outcome 1.0"
    assert pending in replica.ops.get("/metrics").text
    way.lose(rb"nothing")
    eventually(lambda: pending not in replica.ops.get("/metrics").text, 20, "the outcome to be known")
    assert titles(user) == []


def test_a_stopping_api_still_gives_up(api: Api, way: Way, replica: Process, user: User) -> None:
    way.lose(rb"POST /(tasks|transactions/)")
    assert user.http.post("/api/v1/tasks", json={"title": "unknown"}).status_code == 503
    way.lose(rb"nothing")
    assert replica.stop() == 0
    listed = api.http.get("/api/v1/tasks", headers=dict(user.http.headers)).json()
    assert listed["tasks"] == []


def test_a_create_that_the_end_cuts_off_is_given_up_within_the_grace(api: Api, way: Way) -> None:
    grace = 8
    replica = api.start(DATABASE_SERVICE_URL=way.url, STOP_GRACE_SECONDS=str(grace))
    user = api.user(replica)
    user_id = user.http.post("/api/v1/tasks", json={"title": "before"}).json()["user_id"]
    way.lose(CREATE, silent=True)
    answers: list[httpx.Response] = []

    def create() -> None:
        with suppress(httpx.TransportError):
            answers.append(user.http.post("/api/v1/tasks", json={"title": "unknown"}))

    caller = threading.Thread(target=create)
    caller.start()
    eventually(lambda: way.lost, 10, "the create to be on its way", every=0.02)
    begun = time.monotonic()
    assert replica.stop() == 0
    assert time.monotonic() - begun < grace + POD_MARGIN
    caller.join()
    assert [answer.status_code for answer in answers if answer.status_code != 500] == []
    events = eventually(
        lambda: "task_creation_failed" in (seen := events_of(api, user_id)) and seen, 10, "the compensation's message"
    )
    assert sorted(events) == ["task_created", "task_created", "task_creation_failed"]


def test_a_lost_answer_to_a_change_or_a_delete_is_harmless(way: Way, user: User) -> None:
    task_id = user.task()
    way.lose(rb"PATCH ", 1)
    assert user.http.patch(f"/api/v1/tasks/{task_id}", json={"title": "new"}).json()["version"] == 2
    way.lose(rb"DELETE ", 1)
    lost = user.http.delete(f"/api/v1/tasks/{task_id}")
    assert (lost.status_code, lost.json()["type"]) == (503, "urn:usecase:outcome-unknown")
    way.lose(rb"nothing")
    assert user.http.get(f"/api/v1/tasks/{task_id}").status_code == 404
