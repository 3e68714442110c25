"""The chats of one bot: who is in them, what was said, which updates wait, which buttons wait for an answer."""

import asyncio
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bot_api.faults import Faults
from bot_api.markup import Parsed

Json = dict[str, Any]
REMEMBERED_CALLS = 20_000


@dataclass
class Said:
    """One message. `message` is what Telegram shows to a bot; the rest is for those who look from outside."""

    message: Json
    html: str
    by_bot: bool
    edits: int = 0


@dataclass
class Chat:
    """Exists once somebody wrote in it: a bot cannot speak first."""

    about: Json
    blocked: bool = False
    said: dict[int, Said] = field(default_factory=dict)


class World:
    """Everything that is, until `reset`."""

    def __init__(self) -> None:
        self.faults = Faults(time.monotonic)
        self.arrived = asyncio.Event()
        self.reset()

    def reset(self) -> None:
        """Forget everything; ids go on, so that nothing old is mistaken for something new."""
        self.chats: dict[int, Chat] = {}
        self.updates: list[Json] = []
        self.queries: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.commands: list[Json] = []
        self.calls: deque[Json] = deque(maxlen=REMEMBERED_CALLS)
        self.allowed: list[str] = []
        self._ids = getattr(self, "_ids", itertools.count(int(time.time())))
        self._message_ids = getattr(self, "_message_ids", itertools.count(1))
        self.faults.clear()

    def chat(self, chat_id: int, about: Json | None = None) -> Chat:
        """The chat, made where there is none yet; `about` says more about it."""
        chat = self.chats.setdefault(
            chat_id,
            Chat({"id": chat_id, "type": "private", "first_name": f"User {chat_id}", "username": f"user{chat_id}"}),
        )
        chat.about |= {key: value for key, value in (about or {}).items() if value}
        return chat

    def say(self, chat: Chat, sender: Json, content: Json, html: str, *, by_bot: bool) -> Said:
        """Put a message into a chat."""
        number, date = next(self._message_ids), int(time.time())
        message: Json = {"message_id": number, "date": date, "from": sender, "chat": chat.about}
        said = Said(message | content, html, by_bot)
        chat.said[number] = said
        return said

    def edit(self, said: Said, parsed: Parsed | None, keyboard: Json | None) -> None:
        """Change a message of the bot's: its text where `parsed` says one, its buttons always."""
        if parsed:
            said.message |= {"text": parsed.text, "entities": parsed.entities}
            said.html = parsed.html
        said.message.pop("reply_markup", None)
        said.message |= {"reply_markup": keyboard} if keyboard else {}
        said.message["edit_date"] = int(time.time())
        said.edits += 1

    def update(self, kind: str, what: Any) -> int | None:
        """Tell the bot, unless it does not want to hear of this kind."""
        if self.allowed and kind not in self.allowed:
            return None
        number = next(self._ids)
        self.updates.append({"update_id": number, kind: what})
        self.arrived.set()
        return number

    def press(self, said: Said, sender: Json, data: str) -> str:
        """A person presses a button; the id that the bot answers to."""
        query_id = str(next(self._ids))
        self.queries[query_id] = {"answered": False, "text": None, "show_alert": False}
        query = {"id": query_id, "from": sender, "message": said.message, "chat_instance": "1", "data": data}
        self.update("callback_query", query)
        return query_id
