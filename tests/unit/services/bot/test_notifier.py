"""What becomes of a notification that Telegram does not take."""

from datetime import UTC
from typing import Any

import pytest

from unit.services.bot import making
from unit.services.bot.talking import Telegram
from usecase_bot.notifications import Notifier
from usecase_bot.telegram import TelegramBadRequest, TelegramNotFound, TelegramUnauthorizedError
from usecase_runtime.errors import Reject, Unavailable


def notifier(kind: type[Any], reason: str) -> Notifier:
    return Notifier(Telegram(lambda call: kind(call, reason)).bot, UTC)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param(TelegramUnauthorizedError, "Unauthorized", id="revoked"),
        pytest.param(TelegramNotFound, "Not Found", id="none that Telegram can read"),
    ],
)
async def test_a_token_that_telegram_does_not_know_costs_no_try(kind: type[Any], reason: str) -> None:
    with pytest.raises(Unavailable, match="does not know our token") as raised:
        await notifier(kind, reason)(making.reminder())
    assert type(raised.value) is Unavailable, "a ServerError would be counted"


async def test_what_is_wrong_with_the_message_itself_is_put_aside() -> None:
    with pytest.raises(Reject, match="message is too long"):
        await notifier(TelegramBadRequest, "Bad Request: message is too long")(making.reminder())


async def test_a_chat_that_nobody_knows_is_no_failure() -> None:
    await notifier(TelegramBadRequest, "Bad Request: chat not found")(making.reminder())
