"""Whoever guesses passwords has to wait, at whichever replica."""

from uuid import uuid4

import httpx

from cluster.polling import eventually
from integration.services.api.running import PASSWORD, Api
from integration.services.process import Process


def log_in(process: Process, name: str, password: str) -> httpx.Response:
    return process.http.post("/api/v1/auth/token", data={"username": name, "password": password})


def test_after_ten_guesses_even_the_right_password_waits(api: Api) -> None:
    user, other = api.user(), api.user()
    guesses = [log_in(api.process, user.name, f"guess-{number}").status_code for number in range(11)]
    assert guesses == [401] * 10 + [429]
    waiting = log_in(api.process, user.name, PASSWORD)
    assert (waiting.status_code, waiting.json()["type"]) == (429, "urn:usecase:too-many-attempts")
    assert 1 <= int(waiting.headers["retry-after"]) <= 300
    assert log_in(api.process, other.name, PASSWORD).status_code == 200


def test_replicas_count_together(api: Api) -> None:
    name, replica = f"nobody-{uuid4().hex[:8]}", api.start()
    guesses = [log_in((api.process, replica)[number % 2], name, "guess").status_code for number in range(12)]
    assert guesses == [401] * 10 + [429] * 2


def test_the_right_password_starts_the_count_again(api: Api) -> None:
    user = api.user()
    for _ in range(3):
        assert {log_in(api.process, user.name, "guess").status_code for _ in range(9)} == {401}
        assert log_in(api.process, user.name, PASSWORD).status_code == 200


def test_capitals_are_no_other_name(api: Api) -> None:
    user = api.user()
    for name in (user.name, user.name.upper()):
        for _ in range(5):
            log_in(api.process, name, "guess")
    assert log_in(api.process, user.name.title(), PASSWORD).status_code == 429


def test_an_address_may_not_try_name_after_name(api: Api) -> None:
    replica = api.start(LOGIN_ATTEMPTS_PER_ADDRESS="5", REDIS_URL=api.redis_url.rsplit("/", 1)[0] + "/15")
    guesses = [log_in(replica, f"name-{uuid4().hex[:8]}", "guess").status_code for _ in range(7)]
    assert guesses == [401] * 5 + [429] * 2


def test_people_behind_one_address_log_in_as_often_as_they_like(api: Api) -> None:
    replica = api.start(LOGIN_ATTEMPTS_PER_ADDRESS="3", REDIS_URL=api.redis_url.rsplit("/", 1)[0] + "/14")
    users = [api.user(replica) for _ in range(6)]
    assert {log_in(replica, user.name, PASSWORD).status_code for user in users} == {200}


def test_a_window_ends(api: Api) -> None:
    replica = api.start(LOGIN_WINDOW_SECONDS="2", LOGIN_ATTEMPTS_PER_NAME="1")
    user = api.user(replica)
    assert log_in(replica, user.name, "guess").status_code == 401
    eventually(lambda: log_in(replica, user.name, PASSWORD).status_code == 200, 20, "the right password to count again")
