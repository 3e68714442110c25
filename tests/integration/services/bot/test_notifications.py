"""From the broker to the chat: once, patiently, and nothing that is no notification. No api is needed for it."""

from collections.abc import Iterator

import pytest

from cluster.polling import eventually
from integration.services.bot.chat import Chat
from integration.services.bot.fake_telegram import FakeTelegram, fake_telegram
from integration.services.bot.notices import publish, reminder
from integration.services.bot.running import bot, metric
from integration.services.broker import Vhost
from integration.services.process import Process
from usecase_contracts.messages import serialize
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, dlq_of

QUEUE = BOT_NOTIFICATIONS_QUEUE
SETTLED = "bot_notifications_total"


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


@pytest.fixture
def chat(telegram: FakeTelegram) -> Chat:
    person = Chat(telegram)
    person.say("/help")
    return person


@pytest.fixture
def process(telegram: FakeTelegram, chat: Chat, vhost: Vhost) -> Iterator[Process]:
    with bot(telegram, vhost) as running:
        chat.finds("becomes a task")
        yield running


def settled(process: Process, outcome: str) -> float:
    return metric(process, SETTLED, outcome=outcome)


def empty(vhost: Vhost) -> bool:
    return vhost.count(QUEUE) == 0 and vhost.count(dlq_of(QUEUE)) == 0


def test_a_message_delivered_twice_is_read_once(process: Process, chat: Chat, vhost: Vhost) -> None:
    message = reminder(chat.id)
    publish(vhost, message)
    chat.finds("Take the bag")
    publish(vhost, message)
    eventually(lambda: settled(process, "repeated") == 1, 10, "the second one to be settled", every=0.05)
    assert len(chat.read()) == 2


def test_a_pause_is_kept_and_costs_no_try(process: Process, chat: Chat, vhost: Vhost, telegram: FakeTelegram) -> None:
    telegram.control("POST", "faults", kind="flood", method="sendMessage", seconds=3)
    before = len(telegram.calls("sendMessage"))
    publish(vhost, reminder(chat.id, message="Notice 0"))
    eventually(lambda: telegram.calls("sendMessage")[before:], 20, "the refusal", every=0.02)
    for n in range(1, 5):
        publish(vhost, reminder(chat.id, message=f"Notice {n}"))
    for n in range(5):
        chat.finds(f"Notice {n}")
    refused, *passed = telegram.calls("sendMessage")[before:]
    # One that does not wait would be refused once more: nothing else was on its way when the pause began.
    assert [refused["status"], *(each["status"] for each in passed)] == [429, *[200] * 5]
    assert min(each["at"] for each in passed) - refused["at"] >= 2.9
    assert metric(process, "messages_processed_total", queue=QUEUE, outcome="retried") == 0
    eventually(lambda: empty(vhost), 10, "an empty queue", every=0.1)


def test_a_pause_longer_than_a_message_may_take_costs_no_try(chat: Chat, vhost: Vhost, telegram: FakeTelegram) -> None:
    limits = {"BOT_NOTIFICATIONS_MAX_PROCESSING_SECONDS": "2", "BOT_NOTIFICATIONS_MAX_TRIES": "1"}
    with bot(telegram, vhost, **limits) as process:
        chat.finds("becomes a task")
        telegram.control("POST", "faults", kind="flood", method="sendMessage", seconds=4)
        publish(vhost, reminder(chat.id))
        chat.finds("Take the bag")
        assert metric(process, "messages_processed_total", queue=QUEUE, outcome="retried") >= 1
        eventually(lambda: empty(vhost), 10, "an empty queue", every=0.1)


@pytest.mark.parametrize(("kind", "seconds"), [("disconnect", 5), ("status", 1), ("html", 1), ("silence", 1)])
def test_an_outage_is_survived(
    process: Process, chat: Chat, vhost: Vhost, telegram: FakeTelegram, kind: str, seconds: float
) -> None:
    telegram.control("POST", "faults", kind=kind, seconds=seconds)
    eventually(lambda: metric(process, "telegram_reachable") == 0, 15, "the outage to be seen", every=0.05)
    publish(vhost, reminder(chat.id))
    chat.say("/stats")
    assert process.ready(), "an outage of Telegram is a metric, not a readiness"
    chat.finds("Take the bag", seconds=30)
    chat.finds("I cannot reach your tasks", seconds=30)
    assert len(chat.read()) == 3
    eventually(lambda: metric(process, "telegram_reachable") == 1, 10, "Telegram to be back", every=0.1)
    eventually(lambda: empty(vhost), 10, "an empty queue", every=0.1)


def test_who_blocked_the_bot_is_left_alone(process: Process, chat: Chat, vhost: Vhost, telegram: FakeTelegram) -> None:
    telegram.control("POST", f"chats/{chat.id}/block")
    publish(vhost, reminder(chat.id))
    eventually(lambda: settled(process, "blocked") == 1, 10, "it to be dropped", every=0.05)
    eventually(lambda: empty(vhost), 10, "an empty queue", every=0.1)


@pytest.mark.parametrize(("to", "outcome"), [(None, "no_chat"), (424242, "unknown_chat")])
def test_what_has_no_reader_is_dropped(process: Process, vhost: Vhost, to: int | None, outcome: str) -> None:
    publish(vhost, reminder(to))
    eventually(lambda: settled(process, outcome) == 1, 10, "it to be dropped", every=0.05)
    eventually(lambda: empty(vhost), 10, "an empty queue", every=0.1)


@pytest.mark.parametrize(
    "poison",
    [
        b"{",
        b'{"event_type":"reminder_due"}',
        serialize(reminder(5)).replace(b'"version":1', b'"version":2'),
        serialize(reminder(5)).replace(b"reminder_due", b"something_else"),
    ],
    ids=["no JSON", "no data", "another version", "unknown kind"],
)
def test_poison_is_put_aside_and_the_next_one_arrives(
    process: Process, chat: Chat, vhost: Vhost, poison: bytes
) -> None:
    publish(vhost, poison)
    publish(vhost, reminder(chat.id))
    chat.finds("Take the bag")
    eventually(lambda: vhost.count(dlq_of(QUEUE)) == 1, 10, "the dead letter", every=0.1)
    assert process.ready()


def test_what_telegram_refuses_for_good_is_put_aside(
    process: Process, chat: Chat, vhost: Vhost, telegram: FakeTelegram
) -> None:
    telegram.control("POST", "faults", kind="status", status=400, method="sendMessage", times=1)
    publish(vhost, reminder(chat.id))
    eventually(lambda: vhost.count(dlq_of(QUEUE)) == 1, 10, "the dead letter", every=0.1)


def test_a_lost_broker_is_found_again(process: Process, chat: Chat, vhost: Vhost) -> None:
    eventually(vhost.close_connections, 10, "connections to close")
    eventually(process.ready, 20, "readiness")
    publish(vhost, reminder(chat.id))
    chat.finds("Take the bag", seconds=30)


def test_a_killed_bot_leaves_no_notification_behind(chat: Chat, vhost: Vhost, telegram: FakeTelegram) -> None:
    with bot(telegram, vhost) as first:
        chat.finds("becomes a task")
        telegram.control("POST", "faults", kind="silence", method="sendMessage", times=1, seconds=5)
        publish(vhost, reminder(chat.id))
        eventually(lambda: telegram.calls("sendMessage")[-1]["status"] is None, 10, "it to be in hand", every=0.02)
        first.running.kill()
    with bot(telegram, vhost):
        chat.finds("Take the bag", seconds=30)
        eventually(lambda: empty(vhost), 10, "an empty queue", every=0.1)
