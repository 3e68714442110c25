"""A registration whose login fails: the user is there, and must not be told to register again."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from unit.services.api.peers import NO_REDIS, Answer, Asked, DataService, client_of
from usecase_api.passwords import Passwords
from usecase_api.sessions import Sessions
from usecase_api.store.peer import Peer
from usecase_api.store.shared import open_shared
from usecase_api.store.throttle import Throttle
from usecase_api.store.users import Users
from usecase_api.tokens import AccessTokens
from usecase_contracts.sessions import Registration
from usecase_http import client as http_module
from usecase_http.problem import Problem

ANN = {
    "id": 1,
    "username": "ann",
    "email": "ann@example.com",
    "telegram_id": None,
    "created_at": "2026-01-01T00:00:00Z",
}


async def test_who_is_registered_but_not_logged_in_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "FIRST_WAIT_SECONDS", 0)

    def says(asked: Asked) -> Answer:
        return (201, ANN) if asked.path == "/users" else (503, {})

    asked = Registration(username="ann", email="ann@example.com", password=SecretStr("testpass123"))
    async with client_of(DataService(says)) as client, open_shared(NO_REDIS) as shared:
        users, tokens = Users(Peer("postgres-data", client)), AccessTokens("k" * 32, 60)
        sessions = Sessions(users, tokens, Passwords(), Throttle(shared, 10, 10, 60), timedelta(days=1))
        with pytest.raises(Problem) as raised:
            await sessions.register(asked)
    assert raised.value.status == 503
    assert "retry-after" not in raised.value.headers
    assert "log in" in raised.value.members["detail"]
