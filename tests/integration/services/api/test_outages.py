"""What is left of the api while something behind it is away, and what comes back by itself."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from cluster.backends import Running
from cluster.polling import eventually
from integration.services.api.running import PASSWORD, Api, User
from integration.services.process import Process
from usecase_api.domain import ANALYTICS_AWAY


@contextmanager
def taking_at_most(seconds: float) -> Iterator[None]:
    """Fails when what is inside waits for somebody who is away."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def usual(api: Api, user: User) -> float:
    """What five rounds of everything take on this machine at this time, which may do other things."""
    begun = time.monotonic()
    assert [everything(api, user) for _ in range(5)] == [FINE] * 5
    return time.monotonic() - begun


def left_alone(api: Api, peer: str) -> bool:
    """Whether the api has stopped asking, but for a try now and then."""
    return f'circuit_open{{peer="{peer}"}} 1.0' in api.process.ops.get("/metrics").text


@contextmanager
def frozen(process: Process) -> Iterator[None]:
    """Its connections stay open and nothing answers."""
    process.running.send_signal(signal.SIGSTOP)
    yield
    process.running.send_signal(signal.SIGCONT)


def log_in(api: Api, user: User, password: str = PASSWORD) -> int:
    return api.http.post("/api/v1/auth/token", data={"username": user.name, "password": password}).status_code


def everything(api: Api, user: User) -> list[int]:
    """One of each that a user does; the statuses."""
    created = user.http.post("/api/v1/tasks", json={"title": "t"})
    path = f"/api/v1/tasks/{created.json().get('id', 1)}"
    answers: list[httpx.Response] = [
        created,
        user.http.get(path),
        user.http.patch(path, json={"status": "completed"}),
        user.http.get("/api/v1/tasks"),
        user.http.get("/api/v1/tasks/stats"),
        user.http.delete(path),
    ]
    return [answer.status_code for answer in answers]


FINE = [201, 200, 200, 200, 200, 204]


class TestRedis:
    def test_a_killed_one_is_not_missed(self, api: Api, redis: Running) -> None:
        user = api.user()
        assert everything(api, user) == FINE
        redis.kill()
        try:
            assert [everything(api, user) for _ in range(5)] == [FINE] * 5
            assert log_in(api, user) == 200
            assert log_in(api, user, "wrong-password") == 401
            assert left_alone(api, "redis")
            assert api.process.ready()
        finally:
            redis.resume()
        assert everything(api, user) == FINE

    def test_a_silent_one_costs_little(self, api: Api, redis: Running) -> None:
        user = api.user()
        usually = usual(api, user)
        redis.pause()
        try:
            with taking_at_most(3 * usually + 6):
                assert [everything(api, user) for _ in range(5)] == [FINE] * 5
            assert left_alone(api, "redis")
        finally:
            redis.unpause()
        assert everything(api, user) == FINE

    def test_logins_are_still_counted_without_it(self, api: Api, redis: Running) -> None:
        user = api.user()
        redis.kill()
        try:
            assert [log_in(api, user, "wrong-password") for _ in range(12)] == [401] * 10 + [429] * 2
        finally:
            redis.resume()


class TestMongoData:
    def test_the_list_goes_on_without_analytics_and_says_so(self, api: Api) -> None:
        user = api.user()
        task_id = user.task()
        assert user.http.get("/api/v1/tasks").json()["analytics"]["created"] == 0
        api.mongo_data.stop(signal.SIGKILL)
        try:
            listed = user.http.get("/api/v1/tasks")
            assert listed.status_code == 200
            assert [task["id"] for task in listed.json()["tasks"]] == [task_id]
            assert (listed.json()["analytics"], listed.json()["note"]) == (None, ANALYTICS_AWAY)
            assert everything(api, user) == FINE
            assert api.process.ready()
        finally:
            api.start_mongo_data()
        eventually(lambda: user.http.get("/api/v1/tasks").json()["analytics"], 10, "analytics in the list")

    def test_a_silent_one_keeps_the_list_waiting_for_seconds_and_is_then_left_alone(self, api: Api) -> None:
        user = api.user()
        with frozen(api.mongo_data):
            # Five fail and are waited for, two seconds each; thirty would be the usual time of a call.
            with taking_at_most(40):
                for _ in range(6):
                    assert user.http.get("/api/v1/tasks").json()["analytics"] is None
            assert left_alone(api, "mongo-data")
        eventually(lambda: user.http.get("/api/v1/tasks").json()["analytics"], 10, "analytics in the list")

    def test_what_it_counts_is_in_the_list(self, api: Api) -> None:
        user = api.user()
        task = user.http.post("/api/v1/tasks", json={"title": "t"}).json()
        record = {
            "event_id": task["transaction_id"], "action": "created", "task_id": task["id"],
            "user_id": task["user_id"], "timestamp": task["created_at"], "status": "active", "priority": "medium",
        }  # fmt: skip
        assert api.mongo_data.http.post("/task_analytics/bulk", json={"records": [record]}).status_code == 200
        assert user.http.get("/api/v1/tasks").json()["analytics"]["created"] == 1


class TestPostgresData:
    def test_a_killed_one_is_a_503_with_retry_after_and_then_it_goes_on(self, api: Api) -> None:
        user = api.user()
        before = user.task()
        api.postgres_data.stop(signal.SIGKILL)
        try:
            answers = [
                user.http.post("/api/v1/tasks", json={"title": "t"}),
                user.http.get("/api/v1/tasks"),
                user.http.patch(f"/api/v1/tasks/{before}", json={"title": "n"}),
                user.http.delete(f"/api/v1/tasks/{before}"),
                user.http.get("/api/v1/tasks/stats"),
                api.http.post("/api/v1/auth/token", data={"username": user.name, "password": PASSWORD}),
            ]
            assert {(each.status_code, each.headers.get("retry-after")) for each in answers} == {(503, "2")}
            assert {each.headers["content-type"] for each in answers} == {"application/problem+json"}
            assert left_alone(api, "postgres-data")
            assert api.http.get("/health").status_code == 200
            assert api.process.ready(), "ready is latched: it answers outages itself"
        finally:
            api.start_postgres_data()
        eventually(lambda: everything(api, user) == FINE, 10, "everything to work again")
        assert [task["id"] for task in user.http.get("/api/v1/tasks").json()["tasks"]] == [before]

    def test_who_waits_too_long_for_a_slot_is_told_to_come_back(self, api: Api) -> None:
        narrow = api.start(MAX_CONCURRENT_REQUESTS="1")
        user = api.user(narrow)
        with frozen(api.postgres_data):
            client = httpx.Client(base_url=user.http.base_url, headers=user.http.headers, timeout=0.2)
            with client as impatient, suppress(httpx.ReadTimeout):
                impatient.get("/api/v1/tasks/stats")  # holds the only slot, whether it waits or not
            refused = user.http.get("/api/v1/tasks/stats")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert narrow.http.get("/health").status_code == 200
        eventually(lambda: user.http.get("/api/v1/tasks/stats").status_code == 200, 10, "the slot")
