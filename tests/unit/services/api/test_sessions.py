"""Registrations and logins that end halfway: what their caller is told, and what is counted of them."""

from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from unit.services.api.memory import Memory
from unit.services.api.peers import NO_REDIS, Answer, Asked, DataService, client_of
from usecase_api import passwords as passwords_module
from usecase_api.passwords import Passwords
from usecase_api.sessions import Sessions
from usecase_api.store.peer import Peer
from usecase_api.store.shared import Shared, open_shared
from usecase_api.store.throttle import Throttle
from usecase_api.store.users import Users
from usecase_api.tokens import AccessTokens
from usecase_contracts.sessions import Registration, Session
from usecase_http import client as http_module
from usecase_http.client import Client
from usecase_http.problem import Problem

ANN = {
    "id": 1,
    "username": "ann",
    "email": "ann@example.com",
    "telegram_id": None,
    "created_at": "2026-01-01T00:00:00Z",
}

PASSWORD = "testpass123"
HOME, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def made(client: Client, shared: Shared) -> Sessions:
    """Sessions that allow three of everything in a minute."""
    throttle = Throttle(shared, per_name=3, per_address=3, registrations_per_address=3, seconds=60)
    users, tokens = Users(Peer("postgres-data", client)), AccessTokens("k" * 32, 60)
    return Sessions(users, tokens, Passwords(), throttle, timedelta(days=1))


def registration(name: str = "ann") -> Registration:
    return Registration(username=name, email=f"{name}@example.com", password=SecretStr(PASSWORD))


async def status_of(call: Coroutine[Any, Any, Session]) -> int:
    """What its caller would be answered."""
    try:
        await call
    except Problem as problem:
        return problem.status
    return 200


@pytest.fixture(params=["Redis", "no Redis"])
async def shared(request: pytest.FixtureRequest) -> AsyncIterator[Shared]:
    if request.param == "Redis":
        yield Memory()
    else:
        async with open_shared(NO_REDIS) as made:
            yield made


async def test_a_login_that_nobody_could_check_is_no_attempt(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "FIRST_WAIT_SECONDS", 0)
    service = DataService(lambda _: (503, {}))
    async with client_of(service) as client:
        sessions = made(client, shared)
        assert [await status_of(sessions.log_in("ann", "guess", HOME)) for _ in range(4)] == [503] * 4
        service.says = lambda _: (404, {})
        assert [await status_of(sessions.log_in("ann", "guess", HOME)) for _ in range(4)] == [401] * 3 + [429]


async def test_a_login_that_finds_no_place_is_no_attempt(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    async with client_of(DataService(lambda _: (404, {}))) as client:
        sessions = made(client, shared)
        monkeypatch.setattr(passwords_module, "MOST_IN_HAND", 0)
        assert [await status_of(sessions.log_in("ann", "guess", HOME)) for _ in range(4)] == [503] * 4
        monkeypatch.undo()
        assert [await status_of(sessions.log_in("ann", "guess", HOME)) for _ in range(4)] == [401] * 3 + [429]


async def test_an_address_registers_so_many(shared: Shared) -> None:
    def says(asked: Asked) -> Answer:
        return (201, ANN) if asked.path == "/users" else (200, None)

    async with client_of(DataService(says)) as client:
        sessions = made(client, shared)
        answers = [await status_of(sessions.register(registration(f"ann-{n}"), HOME)) for n in range(4)]
        assert answers == [200] * 3 + [429]
        with pytest.raises(Problem) as refused:
            await sessions.register(registration(), HOME)
        assert 1 <= int(refused.value.headers["retry-after"]) <= 60
        assert refused.value.members["type"] == "urn:usecase:too-many-attempts"
        assert await status_of(sessions.register(registration(), ELSEWHERE)) == 200


async def test_replicas_count_registrations_together() -> None:
    shared = Memory()
    async with client_of(DataService(lambda _: (409, {}))) as client:
        replicas = made(client, shared), made(client, shared)
        answers = [await status_of(replicas[n % 2].register(registration(), HOME)) for n in range(5)]
    assert answers == [409] * 3 + [429] * 2


async def test_who_is_registered_but_not_logged_in_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "FIRST_WAIT_SECONDS", 0)

    def says(asked: Asked) -> Answer:
        return (201, ANN) if asked.path == "/users" else (503, {})

    async with client_of(DataService(says)) as client:
        with pytest.raises(Problem) as raised:
            await made(client, Memory()).register(registration(), HOME)
    assert raised.value.status == 503
    assert "retry-after" not in raised.value.headers
    assert "log in" in raised.value.members["detail"]
