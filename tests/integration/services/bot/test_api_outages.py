"""The api away, or of another mind about our token: a person reads one sentence, and goes on without /start."""

from collections.abc import Iterator

import pytest

from cluster.polling import eventually
from integration.services.api import fixtures
from integration.services.api.running import Api
from integration.services.bot.chat import Chat
from integration.services.bot.fake_telegram import FakeTelegram, fake_telegram
from integration.services.bot.running import bot
from integration.services.process import Process
from usecase_bot import texts

api = fixtures.api


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


@pytest.fixture
def process(api: Api, telegram: FakeTelegram) -> Iterator[Process]:
    with bot(telegram, api.vhost, api.process.url) as running:
        yield running


@pytest.fixture
def chat(api: Api, telegram: FakeTelegram, process: Process) -> Chat:
    person, user = Chat(telegram), api.user()
    code = user.http.post("/api/v1/auth/telegram/link_code").json()["code"]
    assert user.name in person.ask(f"/link {code}")["text"]
    return person


def again(api: Api, **changed: str) -> None:
    """The api ends, and another one starts at its address."""
    port = str(api.process.http.base_url.port)
    api.process.stop()
    api.process = api.start(PORT=port, **changed)


def test_a_token_that_is_no_longer_taken_is_renewed(api: Api, chat: Chat) -> None:
    again(api, SECRET_KEY="another key that signs all tokens from now on")
    assert chat.ask("Buy milk")["text"].startswith("Created")


def test_a_restarted_bot_still_knows_whose_chat_it_is(api: Api, chat: Chat, process: Process) -> None:
    process.stop()
    with bot(chat.telegram, api.vhost, api.process.url):
        assert chat.ask("Buy milk")["text"].startswith("Created")


def test_an_api_that_is_away_is_said_and_nothing_was_done(api: Api, chat: Chat, process: Process) -> None:
    port = str(api.process.http.base_url.port)
    api.process.stop()
    assert chat.ask("Buy milk")["text"] == texts.API_AWAY
    assert chat.ask("/done 1")["text"] == texts.API_AWAY
    assert process.ready()
    api.process = api.start(PORT=port)
    eventually(lambda: chat.ask("Buy bread")["text"].startswith("Created"), 20, "the api to be back")
    assert "Buy milk" not in chat.ask("/mytasks")["text"]


def test_another_credential_is_said_as_an_outage(api: Api, chat: Chat, process: Process) -> None:
    process.stop()
    with bot(chat.telegram, api.vhost, api.process.url, BOT_CREDENTIAL="another"):
        assert chat.ask("/stats")["text"] in (texts.API_AWAY, texts.MAYBE_DONE)
