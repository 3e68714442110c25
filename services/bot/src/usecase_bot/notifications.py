"""From the queue to the chat: reminders that are due, and what happens to urgent tasks.

Telegram away, asking for silence or refusing our token costs a message no try. A chat that blocked the bot, or that
Telegram does not know, will not read it: dropped and counted; so is what the reader did in that chat and saw answered.
What was sent is remembered by event id, for as many as fit, so that a message delivered twice is read once. It is
repeated only where nobody can know: Telegram's answer got lost, or the bot was killed between that answer and its ack.
"""

from collections import OrderedDict
from datetime import datetime, tzinfo
from uuid import UUID

import structlog
from prometheus_client import Counter

from usecase_bot import texts
from usecase_bot.handlers.desk import markup
from usecase_bot.presses import Rows, for_task, under_task
from usecase_bot.requests import is_of
from usecase_bot.telegram import (
    Bot,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from usecase_contracts.messages import DueReminder, FailedCreation, Message, TaskData, TaskDeleted
from usecase_contracts.tasks import TaskStatus
from usecase_runtime.errors import Reject, Unavailable

REMEMBERED = 10_000
NOTIFICATIONS = Counter("bot_notifications", "Notifications settled", ["outcome"])
_log = structlog.get_logger()


class Notifier:
    """Sends what a message tells, once."""

    def __init__(self, bot: Bot, zone: tzinfo) -> None:
        self._bot, self._zone = bot, zone
        self._sent: OrderedDict[UUID, None] = OrderedDict()
        self._sending: set[UUID] = set()

    async def __call__(self, message: Message) -> None:
        text = texts.notification(message, datetime.now(self._zone))
        if text is None or not isinstance(message.data, TaskData | DueReminder):
            raise Reject(f"{message.event_type} is no notification")
        if message.data.telegram_id is None:
            return _count("no_chat", message)
        if isinstance(message.data, TaskData) and is_of(self._bot.id, message.request_id):
            return _count("own", message)
        if message.event_id in self._sent:
            return _count("repeated", message)
        if message.event_id in self._sending:
            raise Unavailable("the same message is being sent at this moment")
        self._sending.add(message.event_id)
        try:
            await self._send(message.data.telegram_id, text, _buttons(message), message)
        finally:
            self._sending.discard(message.event_id)

    async def _send(self, chat: int, text: str, rows: Rows, message: Message) -> None:
        try:
            await self._bot.send_message(chat, text, reply_markup=markup(rows))
        except TelegramForbiddenError:
            return _count("blocked", message)
        except (TelegramUnauthorizedError, TelegramNotFound) as error:  # a token that was revoked, or is none
            raise Unavailable(f"Telegram does not know our token: {error.message}") from error
        except TelegramBadRequest as error:
            if "chat not found" in error.message:
                return _count("unknown_chat", message)
            raise Reject(f"Telegram refuses it: {error.message}") from error
        self._sent[message.event_id] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        _count("sent", message)


def _buttons(message: Message) -> Rows:
    data = message.data
    if isinstance(message, TaskDeleted) or isinstance(data, FailedCreation):
        return []
    if isinstance(data, TaskData):
        return for_task(data)
    return under_task(data.id, TaskStatus.ACTIVE)  # a reminder says nothing about its status but that it is open


def _count(outcome: str, message: Message) -> None:
    NOTIFICATIONS.labels(outcome).inc()
    if outcome != "sent":
        _log.info(
            "notification not sent", outcome=outcome, event_id=str(message.event_id), event_type=message.event_type
        )
