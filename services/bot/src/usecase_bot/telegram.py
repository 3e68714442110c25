"""All of aiogram that this service uses, imported so that it costs 60 MiB and not 165. No other module imports aiogram.

aiogram builds the validators of every type of the Bot API while it is imported: 3 seconds and 100 MiB for hundreds of
types that no chat about tasks ever sees. Here building is off during the import, and then done for the types in use
(`_BUILT`, and what they contain). One that is used and not named there fails at its first use, "not fully defined".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Optional, Union

from pydantic import BaseModel


@contextmanager
def _nothing_built() -> Iterator[None]:
    rebuild = BaseModel.__dict__["model_rebuild"]
    BaseModel.model_config["defer_build"] = True
    BaseModel.model_rebuild = classmethod(lambda cls, **_: None)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]
        del BaseModel.model_config["defer_build"]


with _nothing_built():
    from aiogram import BaseMiddleware, Bot, Dispatcher, F, Router, methods, types
    from aiogram.client.default import Default, DefaultBotProperties
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import (
        AiogramError,
        ClientDecodeError,
        TelegramBadRequest,
        TelegramForbiddenError,
        TelegramNetworkError,
        TelegramNotFound,
        TelegramRetryAfter,
        TelegramServerError,
        TelegramUnauthorizedError,
    )
    from aiogram.filters import Command, CommandObject, CommandStart
    from aiogram.methods.base import Response, TelegramMethod
    from aiogram.types import (
        BotCommand,
        CallbackQuery,
        InlineKeyboardButton,
        InlineKeyboardMarkup,
        Message,
        TelegramObject,
        Update,
    )

_METHODS = (
    methods.GetMe,
    methods.GetUpdates,
    methods.DeleteWebhook,
    methods.SetMyCommands,
    methods.SendMessage,
    methods.EditMessageText,
    methods.EditMessageReplyMarkup,
    methods.AnswerCallbackQuery,
    methods.GetFile,
)
_NAMES: dict[str, Any] = {name: getattr(types, name) for name in types.__all__}
_NAMES |= {"List": list, "Optional": Optional, "Union": Union, "Literal": Literal, "Default": Default}
_ANSWERS = tuple(Response[method.__returning__] for method in _METHODS)  # type: ignore[name-defined]
"""Held here: pydantic forgets a generic type that nobody holds, and would build it again for every answer."""
_BUILT: tuple[type[BaseModel], ...] = (
    Message,  # first: all that contain messages take over what was built
    Update,
    InlineKeyboardMarkup,
    InlineKeyboardButton,
    BotCommand,
    *_METHODS,
    *_ANSWERS,
)
for _model in _BUILT:
    _model.model_rebuild(_types_namespace=_NAMES)

__all__ = [
    "AiogramError",
    "AiohttpSession",
    "BaseMiddleware",
    "Bot",
    "BotCommand",
    "CallbackQuery",
    "ClientDecodeError",
    "Command",
    "CommandObject",
    "CommandStart",
    "DefaultBotProperties",
    "Dispatcher",
    "F",
    "InlineKeyboardButton",
    "InlineKeyboardMarkup",
    "Message",
    "Router",
    "TelegramAPIServer",
    "TelegramBadRequest",
    "TelegramForbiddenError",
    "TelegramMethod",
    "TelegramNetworkError",
    "TelegramNotFound",
    "TelegramObject",
    "TelegramRetryAfter",
    "TelegramServerError",
    "TelegramUnauthorizedError",
    "Update",
]
