"""What a person reads of commands and buttons, over an api and a Telegram that answer as the test says."""

from typing import Any

import pytest

from unit.services.api.peers import Answer, DataService, client_of
from unit.services.bot import making
from unit.services.bot.talking import Conversation, Refusal, Telegram
from usecase_bot import texts
from usecase_bot.telegram import TelegramBadRequest
from usecase_http import client as http_module

SESSION = {"access_token": "t", "expires_in": 1800, "username": "ann"}
DONE = making.task(status="completed", completed_at=making.NOW).model_dump(mode="json")
AWAY = (503, {}, {"retry-after": "2"})


@pytest.fixture(autouse=True)
def _no_pause_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "FIRST_WAIT_SECONDS", 0)


def api(answer: Answer, session: Answer = (200, SESSION)) -> DataService:
    """Gives the bot a token, and answers everything else so."""
    return DataService(lambda asked: session if asked.path == "/api/v1/auth/telegram" else answer)


def refusing(method: str, reason: str) -> Refusal:
    def refuse(call: Any) -> Exception | None:
        return TelegramBadRequest(call, f"Bad Request: {reason}") if call.__api_method__ == method else None

    return refuse


TOO_OLD = refusing("answerCallbackQuery", "query is too old and response timeout expired or query ID is invalid")


async def test_a_button_that_worked_is_no_error_when_its_answer_comes_too_late() -> None:
    async with client_of(api((200, DONE))) as client:
        read = await Conversation(client, Telegram(TOO_OLD)).press("status:completed:12")
    assert [each.splitlines()[0] for each in read] == ["<b>Completed</b>"]


async def test_a_button_that_failed_is_said_once_when_its_answer_comes_too_late() -> None:
    async with client_of(api((500, {}))) as client:
        assert await Conversation(client, Telegram(TOO_OLD)).press("status:completed:12") == [texts.MAYBE_DONE]


async def test_a_button_of_a_deleted_task_may_be_pressed_twice() -> None:
    telegram = Telegram(refusing("editMessageReplyMarkup", "message is not modified"))
    async with client_of(api((404, {}))) as client:
        assert await Conversation(client, telegram).press("status:completed:12") == []


@pytest.mark.parametrize(
    "text", ["/task", "/task   ", "/done", "/done milk", "/start_task", "/cancel", "/finish 1", "/"]
)
async def test_a_chat_that_is_not_linked_is_told_so_before_anything_else(text: str) -> None:
    async with client_of(api((500, {}), session=(404, {}))) as client:
        assert await Conversation(client, Telegram()).say(text) == [texts.LINK_FIRST]


async def test_who_is_linked_is_told_how_to_say_it_and_asked_for_once() -> None:
    service = api((500, {}))
    async with client_of(service) as client:
        chat = Conversation(client, Telegram())
        assert await chat.say("/task") == [texts.TASK_USAGE]
        assert await chat.say("/done") == [texts.number_usage("done")]
        assert await chat.say("/finish 1") == [texts.NOT_UNDERSTOOD]
    assert [asked.path for asked in service.asked] == ["/api/v1/auth/telegram"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # The api's Retry-After: asking again does no harm, as values are absolute. The change may have been made.
        pytest.param("/done 12", texts.MAYBE_DONE, id="a change"),
        pytest.param("Buy milk", texts.API_AWAY, id="a create, which is undone"),
        pytest.param("/mytasks", texts.API_AWAY, id="a question"),
    ],
)
async def test_only_what_was_certainly_not_done_is_said_to_be_not_done(text: str, told: str) -> None:
    async with client_of(api(AWAY)) as client:
        assert await Conversation(client, Telegram()).say(text) == [told]


async def test_a_change_by_a_button_is_not_said_to_be_not_done_either() -> None:
    async with client_of(api(AWAY)) as client:
        assert await Conversation(client, Telegram()).press("status:completed:12") == [texts.MAYBE_DONE]
