"""The bot as a process: how it starts, what it refuses to start with, how it stops, and what a kill costs."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cluster.polling import eventually
from integration.services.bot.chat import Chat
from integration.services.bot.fake_telegram import TOKEN, FakeTelegram, fake_telegram
from integration.services.bot.notices import publish, reminder
from integration.services.bot.running import MODULE, bot, variables
from integration.services.broker import Vhost
from integration.services.process import environment
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE

IDLE_MIB = 110


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


@pytest.fixture
def chat(telegram: FakeTelegram) -> Chat:
    return Chat(telegram)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"BOT_TOKEN": ""}, "BOT_TOKEN: is not set"),
        ({"BOT_CREDENTIAL": ""}, "BOT_CREDENTIAL is not set"),
        ({"BOT_TOKEN": "999:unknown"}, "BOT_TOKEN: Telegram does not know this token"),
    ],
)
def test_it_ends_with_one_clear_line(vhost: Vhost, changed: dict[str, str], line: str) -> None:
    with fake_telegram(BOT_TOKEN=TOKEN) as strict:
        env = environment(**variables(strict, vhost, METRICS_PORT="0"))
        ran = subprocess.run(
            [sys.executable, "-m", MODULE], env=env | changed, capture_output=True, text=True, timeout=60
        )  # fmt: skip
    said, *more = ran.stderr.splitlines()
    assert more == []
    assert ran.returncode == 2
    assert said.startswith(line)


def test_it_is_ready_while_telegram_is_away_and_answers_later(telegram: FakeTelegram, chat: Chat, vhost: Vhost) -> None:
    telegram.control("POST", "faults", kind="disconnect", seconds=3)
    with bot(telegram, vhost) as process:
        chat.say("/help")
        assert chat.read() == []
        chat.finds("becomes a task")
        assert process.ready()


def test_it_is_not_ready_without_its_queue(telegram: FakeTelegram, vhost: Vhost) -> None:
    vhost.request("DELETE", f"/queues/{{v}}/{BOT_NOTIFICATIONS_QUEUE}").raise_for_status()
    with bot(telegram, vhost, wait=False) as process:
        seen = eventually(lambda: _missing(process.ops), 20, "readiness to be answered", every=0.05)
        assert "consumer" in seen
        eventually(lambda: set(_missing(process.ops) or ()) == {"consumer"}, 10, "the poll loop", every=0.05)


def test_sigterm_finishes_what_was_begun_and_confirms_it(telegram: FakeTelegram, chat: Chat, vhost: Vhost) -> None:
    with bot(telegram, vhost) as process:
        telegram.control("POST", "faults", kind="flood", method="sendMessage", seconds=1)
        chat.say("/help")
        eventually(lambda: telegram.calls("sendMessage"), 10, "the answer to be on its way", every=0.02)
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 10
    assert len(chat.read()) == 1
    assert telegram.control("GET", "updates") == []


def test_a_text_that_a_killed_bot_had_in_hand_is_answered_by_the_next(
    telegram: FakeTelegram, chat: Chat, vhost: Vhost
) -> None:
    with bot(telegram, vhost) as process:
        telegram.control("POST", "faults", kind="silence", method="sendMessage", seconds=4, times=1)
        chat.say("/help")
        eventually(lambda: telegram.calls("sendMessage"), 10, "the answer to be on its way", every=0.02)
        process.running.kill()
    with bot(telegram, vhost):
        chat.finds("becomes a task")


def test_one_slow_chat_does_not_hold_up_the_others(telegram: FakeTelegram, vhost: Vhost) -> None:
    slow, quick = Chat(telegram), Chat(telegram)
    with bot(telegram, vhost):
        telegram.control("POST", "faults", kind="silence", method="sendMessage", seconds=9, times=1)
        slow.say("/help")
        eventually(lambda: telegram.calls("sendMessage"), 10, "the slow one to be in hand", every=0.02)
        quick.say("/help")
        quick.finds("becomes a task", seconds=8)
        assert slow.read() == []


def test_an_idle_bot_is_small(telegram: FakeTelegram, chat: Chat, vhost: Vhost) -> None:
    with bot(telegram, vhost) as process:
        chat.ask("/help")
        publish(vhost, reminder(chat.id))
        chat.finds("Take the bag")
        status = Path(f"/proc/{process.running.pid}/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
    assert resident <= IDLE_MIB


def _missing(ops: httpx.Client) -> dict[str, str]:
    try:
        found: dict[str, str] = ops.get("/readyz").json()["missing"]
    except httpx.TransportError:
        return {}
    return found
