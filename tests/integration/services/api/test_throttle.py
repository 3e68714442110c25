"""Whoever guesses passwords, or makes users without end, has to wait, at whichever replica."""

import signal
from uuid import uuid4

import httpx

from cluster.polling import eventually
from integration.services.api.running import PASSWORD, Api
from integration.services.process import Process


def log_in(process: Process, name: str, password: str, forwarded_for: str | None = None) -> httpx.Response:
    headers = {"x-forwarded-for": forwarded_for} if forwarded_for else {}
    form = {"username": name, "password": password}
    return process.http.post("/api/v1/auth/token", data=form, headers=headers)


def register(process: Process) -> httpx.Response:
    name = f"user-{uuid4().hex[:10]}"
    body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    return process.http.post("/api/v1/auth/register", json=body)


def nothing_counted(api: Api) -> None:
    """Neither by the tests before: all come from one address."""
    with api.redis as redis:
        redis.flushdb()


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


def test_people_behind_a_trusted_proxy_are_counted_by_their_own_address(api: Api) -> None:
    trusted = {"LOGIN_ATTEMPTS_PER_ADDRESS": "3", "TRUSTED_PROXIES": "127.0.0.0/8"}
    replica = api.start(**trusted, REDIS_URL=api.redis_url.rsplit("/", 1)[0] + "/13")
    guesses = [log_in(replica, f"name-{uuid4().hex[:8]}", "guess", "203.0.113.7").status_code for _ in range(5)]
    assert guesses == [401] * 3 + [429] * 2
    # What a caller writes in front of the proxy's own entry is the caller's word.
    assert log_in(replica, "somebody", "guess", "198.51.100.1, 203.0.113.7").status_code == 429
    assert log_in(replica, "somebody", "guess", "203.0.113.8").status_code == 401


def test_nobody_else_chooses_the_address_that_is_counted(api: Api) -> None:
    replica = api.start(LOGIN_ATTEMPTS_PER_ADDRESS="3", REDIS_URL=api.redis_url.rsplit("/", 1)[0] + "/12")
    guesses = [log_in(replica, f"name-{n}", "guess", f"203.0.113.{n}").status_code for n in range(5)]
    assert guesses == [401] * 3 + [429] * 2


def test_people_behind_one_address_log_in_as_often_as_they_like(api: Api) -> None:
    replica = api.start(LOGIN_ATTEMPTS_PER_ADDRESS="3", REDIS_URL=api.redis_url.rsplit("/", 1)[0] + "/14")
    users = [api.user(replica) for _ in range(6)]
    assert {log_in(replica, user.name, PASSWORD).status_code for user in users} == {200}


def test_a_login_that_nobody_could_check_is_no_attempt(api: Api) -> None:
    nothing_counted(api)
    replica = api.start(LOGIN_ATTEMPTS_PER_NAME="2", LOGIN_ATTEMPTS_PER_ADDRESS="2")
    user = api.user(replica)

    def logs_in() -> bool:
        answer = log_in(replica, user.name, PASSWORD)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    api.postgres_data.stop(signal.SIGKILL)
    try:
        assert not any(logs_in() for _ in range(4))
    finally:
        api.start_postgres_data()
    eventually(logs_in, 20, "the login")
    assert [log_in(replica, user.name, "guess").status_code for _ in range(3)] == [401] * 2 + [429]


def test_an_address_registers_so_many_at_all_replicas_together(api: Api) -> None:
    nothing_counted(api)
    replicas = [api.start(REGISTRATIONS_PER_ADDRESS="3") for _ in range(2)]
    answers = [register(replicas[number % 2]) for number in range(5)]
    assert [each.status_code for each in answers] == [201] * 3 + [429] * 2
    assert answers[-1].json()["type"] == "urn:usecase:too-many-attempts"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 300


def test_a_window_ends(api: Api) -> None:
    replica = api.start(LOGIN_WINDOW_SECONDS="2", LOGIN_ATTEMPTS_PER_NAME="1")
    user = api.user(replica)
    assert log_in(replica, user.name, "guess").status_code == 401
    eventually(lambda: log_in(replica, user.name, PASSWORD).status_code == 200, 20, "the right password to count again")
