"""The bot's connection to Telegram, or to whatever `BOT_API_SERVER` names instead."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from usecase_bot.commands import COMMANDS
from usecase_bot.patience import Patience
from usecase_bot.telegram import AiohttpSession, Bot, BotCommand, DefaultBotProperties, TelegramAPIServer

REQUEST_SECONDS = 10.0
_log = structlog.get_logger()


@asynccontextmanager
async def connection(token: str, server: str, seconds: float) -> AsyncIterator[Bot]:
    """A bot that sends HTML, without previews of links. A call has ended after `seconds`: half of them are for
    waiting (`patience`), a third for the last try.
    """
    session = AiohttpSession(api=TelegramAPIServer.from_base(server), timeout=min(REQUEST_SECONDS, seconds / 3))
    session.middleware(Patience(seconds / 2))
    defaults = DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True)
    async with Bot(token, session=session, default=defaults) as bot:
        yield bot


async def introduce(bot: Bot, expected_name: str | None) -> None:
    """Tell Telegram who polls now and which commands there are. A token of another bot is worth a warning."""
    me = await bot.get_me()
    if expected_name and (me.username or "").lower() != expected_name.removeprefix("@").lower():
        _log.warning(
            "BOT_TOKEN belongs to another bot than BOT_USERNAME", belongs_to=me.username, expected=expected_name
        )
    await bot.delete_webhook()
    await bot.set_my_commands([BotCommand(command=each.name, description=each.meaning) for each in COMMANDS])
    _log.info("bot introduced", username=me.username)
