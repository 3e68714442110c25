"""What is no message harms the bot no more than the workers: each is settled, and the next notification arrives."""

from collections.abc import Iterator

import pytest

from integration.services.bot.chat import Chat
from integration.services.bot.fake_telegram import FakeTelegram, fake_telegram
from integration.services.bot.notices import publish, reminder
from integration.services.bot.running import bot
from integration.services.broker import Vhost
from integration.services.strange import all_are_settled
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, REMINDER_DUE_KEY, REMINDERS


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


def fuzz(telegram: FakeTelegram, vhost: Vhost, examples: int, derandomize: bool) -> None:
    chat = Chat(telegram)
    chat.say("/help")
    with bot(telegram, vhost) as process:
        chat.finds("becomes a task")
        all_are_settled(process, lambda body: vhost.publish(REMINDERS, REMINDER_DUE_KEY, body), examples, derandomize)
        publish(vhost, reminder(chat.id))
        chat.finds("Take the bag")
        assert process.stop() == 0
    assert vhost.messages(BOT_NOTIFICATIONS_QUEUE) == []


def test_no_message_kills_the_bot(telegram: FakeTelegram, vhost: Vhost) -> None:
    fuzz(telegram, vhost, examples=25, derandomize=True)


@pytest.mark.soak
def test_no_message_kills_the_bot_however_many(telegram: FakeTelegram, vhost: Vhost) -> None:
    fuzz(telegram, vhost, examples=1000, derandomize=False)
