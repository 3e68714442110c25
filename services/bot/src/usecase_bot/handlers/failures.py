"""What a person reads when something went wrong: one sentence with what to do next, never an error's own words."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from usecase_bot import texts
from usecase_bot.api import NotLinked, reason
from usecase_bot.handlers.desk import release
from usecase_bot.patience import TelegramAway
from usecase_bot.telegram import BaseMiddleware, CallbackQuery, Message, TelegramForbiddenError, TelegramObject
from usecase_runtime.errors import NotDone, NotFound, Refused, Unavailable, Unroutable

_log = structlog.get_logger()


class Failures(BaseMiddleware):
    """Around every handler."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        try:
            return await handler(event, data)
        except TelegramAway:
            raise  # nobody can be told
        except TelegramForbiddenError:
            _log.info("a person blocked the bot in the middle of a conversation")
        except Exception as error:
            text = _sentence(error)
            if text is texts.BROKEN:
                _log.exception("a handler failed")
            elif isinstance(error, Unavailable | Unroutable):
                _log.warning("a person has to try again", reason=f"{type(error).__name__}: {error}")
            await _tell(event, text)


def _sentence(error: Exception) -> str:
    match error:
        case NotLinked():
            return texts.LINK_FIRST
        case NotFound():
            return texts.not_found(None)
        case Refused():
            return texts.refused(reason(error))
        case NotDone():
            return texts.API_AWAY
        case Unavailable() | Unroutable():
            return texts.MAYBE_DONE
    return texts.BROKEN


async def _tell(event: TelegramObject, text: str) -> None:
    if isinstance(event, Message):
        await event.answer(text)
    elif isinstance(event, CallbackQuery):
        if event.message is not None:
            await event.message.answer(text)
        await release(event)
