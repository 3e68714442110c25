"""A reminder reaches its chat at the moment its user asked for: api, database, broker and bot, and nothing in between
that a user would notice.
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from e2e.stack.deployed import Deployed
from integration.services.stack.callers import Caller, register
from integration.services.waiting import until

LATE = timedelta(seconds=3)
"""Telegram's dates are whole seconds, and two processes on a busy machine pass it on."""
PATIENCE_SECONDS = 30


@pytest.mark.timeout(600)
async def test_a_reminder_reaches_the_chat_at_its_time_and_once(deployed: Deployed) -> None:
    with deployed.forward("service/bot-api", 8081) as port:
        async with (
            httpx.AsyncClient(base_url=deployed.api, timeout=PATIENCE_SECONDS, trust_env=False) as api,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS, trust_env=False
            ) as telegram,
        ):
            caller, chat = await register(api), random.randrange(10**6, 10**9)
            await link(api, telegram, caller, chat)
            task = (await caller.create(title="Call Ann")).json()["id"]
            first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
            moments = [first, first + timedelta(seconds=4)]
            for moment in moments:
                await remind(api, caller, task, moment)
            reminders = await until(lambda: reminded(telegram, chat, len(moments)), PATIENCE_SECONDS)
    assert ["Call Ann" in each["text"] for each in reminders] == [True, True], reminders
    for moment, reminder in zip(moments, reminders, strict=True):
        assert moment <= datetime.fromtimestamp(reminder["date"], UTC) <= moment + LATE


async def link(api: httpx.AsyncClient, telegram: httpx.AsyncClient, caller: Caller, chat: int) -> None:
    """As a person does it: a code from the API, sent to the bot."""
    headers = {"authorization": f"Bearer {caller.token}"}
    code = (await api.post("/api/v1/auth/telegram/link_code", headers=headers)).json()["code"]
    await telegram.post("/control/messages", json={"chat_id": chat, "text": f"/link {code}"})
    (greeting,) = await until(lambda: said(telegram, chat), PATIENCE_SECONDS)
    assert "linked to your account" in greeting["text"]


async def remind(api: httpx.AsyncClient, caller: Caller, task: int, moment: datetime) -> None:
    headers, query = {"authorization": f"Bearer {caller.token}"}, {"remind_at": moment.isoformat()}
    answer = await api.post(f"/api/v1/tasks/{task}/reminders", params=query, headers=headers)
    assert answer.status_code == 200, answer.text


async def reminded(telegram: httpx.AsyncClient, chat: int, number: int) -> list[Any] | None:
    """The reminders in that chat, once there are so many; more are a fault that the caller sees."""
    found = [each for each in await said(telegram, chat) if each["text"].startswith("🔔")]
    return found if len(found) >= number else None


async def said(telegram: httpx.AsyncClient, chat: int) -> list[Any]:
    found: list[Any] = (await telegram.get(f"/control/chats/{chat}/messages", params={"by": "bot"})).json()
    return found
