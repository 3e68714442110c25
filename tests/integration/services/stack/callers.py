"""People who use the api: they register, and create tasks one after the other, writing down what they are told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt

from integration.services.stack.ledger import Ledger

PAUSE_SECONDS = 0.25
PATIENCE_SECONDS = 45
"""Longer than the api tries for."""


class Caller:
    """One registered user. Made by `register`."""

    def __init__(self, api: httpx.AsyncClient, token: str, user_id: int) -> None:
        self._api, self._headers, self.user_id = api, {"authorization": f"Bearer {token}"}, user_id

    async def create(self, **values: Any) -> httpx.Response:
        """`POST /api/v1/tasks`."""
        return await self._api.post("/api/v1/tasks", json={"title": "t"} | values, headers=self._headers)

    async def get(self, path: str) -> httpx.Response:
        return await self._api.get(path, headers=self._headers)

    async def post(self, path: str) -> httpx.Response:
        return await self._api.post(path, headers=self._headers)

    async def keep_creating(self, ledger: Ledger, enough: Callable[[], bool]) -> None:
        """Create tasks that are due soon (their reminder is sent at once) and later (theirs waits), until *enough*.
        Whatever goes wrong is written down, and the next one is asked for.
        """
        due = (timedelta(minutes=30), timedelta(hours=2))
        while not enough():
            title = ledger.ask()
            moment = datetime.now(UTC) + due[len(title) % 2]
            try:
                answer = await self.create(title=title, due_date=moment.isoformat())
            except httpx.TransportError:
                pass  # never answered
            else:
                if answer.status_code == 503:
                    ledger.refuse(title)
                else:
                    assert answer.status_code == 201, f"{answer.status_code}: {answer.text}"
                    ledger.acknowledge(title, answer.json()["id"])
            await asyncio.sleep(PAUSE_SECONDS)  # as people do


async def register(api: httpx.AsyncClient) -> Caller:
    """A new user."""
    name = f"caller-{uuid4().hex[:12]}"
    body = {"username": name, "email": f"{name}@example.com", "password": "a-long-password"}
    answer = await api.post("/api/v1/auth/register", json=body)
    assert answer.status_code == 201, answer.text
    token = answer.json()["access_token"]
    return Caller(api, token, _subject(token))


def _subject(token: str) -> int:
    """Whom a token speaks for, as it says itself."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return int(claims["sub"])
