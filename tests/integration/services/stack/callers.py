"""People who use the api: they register, and create tasks one after the other, writing down what they are told."""

import asyncio
from collections.abc import Callable, Mapping
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
        self._api, self.token, self.user_id = api, token, user_id
        self._headers = {"authorization": f"Bearer {token}"}

    async def create(self, headers: Mapping[str, str] | None = None, **values: Any) -> httpx.Response:
        """`POST /api/v1/tasks`."""
        sent = {**self._headers, **(headers or {})}
        return await self._api.post("/api/v1/tasks", json={"title": "t"} | values, headers=sent)

    async def link_chat(self, bot_credential: str, chat: int) -> None:
        """The bot shows the code that the user got for this chat."""
        code = (await self._api.post("/api/v1/auth/telegram/link_code", headers=self._headers)).json()["code"]
        body, headers = {"code": code, "telegram_id": chat}, {"authorization": f"Bearer {bot_credential}"}
        (await self._api.post("/api/v1/auth/telegram/links", json=body, headers=headers)).raise_for_status()

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
