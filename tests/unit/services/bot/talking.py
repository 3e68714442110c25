"""A conversation with the bot, its Telegram in this process: it takes every call, or refuses it as a test says."""

from collections.abc import Callable
from datetime import UTC
from functools import cache
from typing import Any

from usecase_bot.api import Api
from usecase_bot.dispatcher import dispatcher
from usecase_bot.files import DEFAULT_TYPES
from usecase_bot.handlers.desk import Desk
from usecase_bot.telegram import AiohttpSession, Bot, Dispatcher, TelegramMethod, Update
from usecase_http.client import Client
from usecase_messaging.publish import Publisher

CHAT = 1001
PERSON = {"id": CHAT, "is_bot": False, "first_name": "Ann"}
WRITTEN = ("sendMessage", "editMessageText")
Refusal = Callable[[TelegramMethod[Any]], Exception | None]


class Telegram(AiohttpSession):
    """Remembers the calls of its `bot`. `refuses`: what a call fails with, if it does."""

    def __init__(self, refuses: Refusal = lambda _: None) -> None:
        super().__init__()
        self.bot = Bot("1:token", session=self)
        self._refuses, self._calls = refuses, list[TelegramMethod[Any]]()

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], *_: object, **__: object) -> Any:
        self._calls.append(method)
        if error := self._refuses(method):
            raise error
        return True

    def read(self) -> list[str]:
        """What the person reads, in order."""
        return [call.model_dump()["text"] for call in self._calls if call.__api_method__ in WRITTEN]


@cache
def _dispatcher() -> Dispatcher:
    """A process makes one: routers belong to it for good."""
    desk = Desk(UTC, Publisher(), 1000, DEFAULT_TYPES)
    return dispatcher(Api(None), desk)  # type: ignore[arg-type]


class Conversation:
    """A person's chat with a bot that has just started, over the api behind `client`."""

    def __init__(self, client: Client, telegram: Telegram) -> None:
        self._api, self._telegram = Api(client), telegram

    async def say(self, text: str) -> list[str]:
        """Write; what is read then."""
        return await self._handled({"message": _message(text=text)})

    async def press(self, data: str) -> list[str]:
        """Press a button under a message of the bot's; what is read then."""
        buttons = {"inline_keyboard": [[{"text": "a button", "callback_data": data}]]}
        query = {"id": "1", "from": PERSON, "chat_instance": "1", "data": data}
        return await self._handled({"callback_query": query | {"message": _message(text="x", reply_markup=buttons)}})

    async def _handled(self, update: dict[str, Any]) -> list[str]:
        before, made = len(self._telegram.read()), _dispatcher()
        made["api"] = self._api
        await made.feed_update(self._telegram.bot, Update.model_validate({"update_id": 1} | update))
        return self._telegram.read()[before:]


def _message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1, "chat": {"id": CHAT, "type": "private"}, "from": PERSON} | fields
