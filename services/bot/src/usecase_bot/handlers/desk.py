"""What the handlers of one bot share: the zone of its people, its rules for files, and the way to the broker."""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from uuid import NAMESPACE_URL, UUID, uuid5

from usecase_bot.presses import Rows, encode
from usecase_bot.telegram import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    TelegramBadRequest,
)
from usecase_messaging.publish import Publisher

ALBUMS = 1000


@dataclass(frozen=True)
class Desk:
    """`albums` remembers to which task the first file of an album went: only that one has a caption."""

    zone: tzinfo
    publisher: Publisher
    max_file_size: int
    file_types: frozenset[str]
    albums: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def now(self) -> datetime:
        return datetime.now(self.zone)

    def remember_album(self, album: str | None, task_id: int) -> None:
        if album:
            self.albums[album] = task_id
            if len(self.albums) > ALBUMS:
                self.albums.popitem(last=False)


def markup(rows: Rows) -> InlineKeyboardMarkup | None:
    """Buttons as Telegram takes them; None without any."""
    buttons = [[InlineKeyboardButton(text=text, callback_data=encode(press)) for text, press in row] for row in rows]
    return InlineKeyboardMarkup(inline_keyboard=buttons) if buttons else None


async def release(query: CallbackQuery, said: str | None = None) -> None:
    """Let a pressed button look idle again. It does so by itself after a while, and Telegram then refuses the answer
    ("query is too old"): what the button was for is done all the same.
    """
    with suppress(TelegramBadRequest):
        await query.answer(said)


def person(message: Message) -> int:
    """Who wrote it. In a private chat, and no other is served, there is always somebody."""
    assert message.from_user is not None
    return message.from_user.id


def event_id(message: Message) -> UUID:
    """The same for the same message, however often Telegram delivers it."""
    bot = message.bot.id if message.bot else 0
    return uuid5(NAMESPACE_URL, f"telegram:{bot}:{message.chat.id}:{message.message_id}")
