"""What a person does in a chat, over the real api and both data services; Telegram is the fake Bot API server."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cluster.polling import eventually
from integration.services.api import fixtures
from integration.services.api.running import Api, User
from integration.services.bot.chat import Chat, labels
from integration.services.bot.fake_telegram import FakeTelegram, fake_telegram
from integration.services.bot.running import bot, metric
from integration.services.process import Process
from usecase_bot import texts
from usecase_bot.commands import COMMANDS
from usecase_contracts.topology import TASK_ANALYTICS_QUEUE

api = fixtures.api
MIB = 2**20
HARMLESS = "<b>x</b> & <script>alert(1)</script>"


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def process(api: Api, telegram: FakeTelegram) -> Iterator[Process]:
    with bot(telegram, api.vhost, api.process.url) as running:
        yield running


@pytest.fixture
def user(api: Api) -> User:
    return api.user()


@pytest.fixture
def stranger(telegram: FakeTelegram) -> Chat:
    return Chat(telegram)


@pytest.fixture
def chat(stranger: Chat, user: User) -> Chat:
    """The chat of `user`."""
    assert user.name in stranger.ask(f"/link {code(user)}")["text"]
    return stranger


def code(user: User) -> str:
    answer = user.http.post("/api/v1/auth/telegram/link_code")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def tasks(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.http.get("/api/v1/tasks").json()["tasks"]
    return found


def attachments(api: Api, task_id: int) -> list[dict[str, Any]]:
    """What was published about files of a task."""
    bodies = [message["payload"] for message in api.vhost.messages(TASK_ANALYTICS_QUEUE)]
    events = [json.loads(body) for body in bodies if '"attachment_added"' in body]
    return [each["data"]["attachment"] for each in events if each["data"]["id"] == task_id]


def test_telegram_s_menu_lists_the_commands(telegram: FakeTelegram) -> None:
    menu = eventually(lambda: telegram.control("GET", "commands"), 10, "the menu")
    assert [each["command"] for each in menu] == [each.name for each in COMMANDS]


@pytest.mark.parametrize(
    "text",
    [
        "/start", "/task Buy milk", "Buy milk", "/mytasks", "/pending", "/completed", "/done 1", "/stats",
        "/task", "/done", "/start_task milk", "/finish 1",
    ],
)  # fmt: skip
def test_a_chat_that_is_not_linked_is_told_how(stranger: Chat, text: str) -> None:
    assert "not linked" in stranger.ask(text)["text"]


def test_start_with_a_code_links_the_chat(stranger: Chat, user: User) -> None:
    assert user.name in stranger.ask(f"/start {code(user)}")["text"]
    assert user.name in stranger.ask("/start")["text"]


def test_a_code_links_once(stranger: Chat, user: User, telegram: FakeTelegram) -> None:
    spent = code(user)
    stranger.ask(f"/link {spent}")
    for wrong in (spent, "no-such-code", "no code at all", "x" * 100):
        assert Chat(telegram).ask(f"/link {wrong}")["text"].startswith("This link code is unknown")
    assert Chat(telegram).ask("/link")["text"].startswith("Which code?")


def test_help_is_for_everybody(stranger: Chat) -> None:
    answer = stranger.ask("/help")["text"]
    assert [each.name for each in COMMANDS if f"/{each.name}" not in answer] == []


def test_a_text_becomes_a_task(chat: Chat, user: User) -> None:
    answer = chat.ask("Write the report due tomorrow at 5pm urgent")
    (task,) = tasks(user)
    assert (task["title"], task["priority"]) == ("Write the report", "urgent")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=17, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(task["due_date"]) == tomorrow
    for words in ("Created", f"#{task['id']}", "Write the report", "urgent", "17:00"):
        assert words in answer["text"]


def test_task_says_the_same_with_a_command(chat: Chat, user: User) -> None:
    assert chat.ask("/task")["text"] == texts.TASK_USAGE
    chat.ask("/task Buy milk low priority")
    assert [(each["title"], each["priority"]) for each in tasks(user)] == [("Buy milk", "low")]


def test_a_long_text_is_described(chat: Chat, user: User) -> None:
    chat.ask(" ".join(f"word{n}" for n in range(30)))
    (task,) = tasks(user)
    assert task["title"].endswith("word9")
    assert task["description"].startswith("word10")


def test_the_words_of_people_are_no_markup(chat: Chat) -> None:
    card = chat.ask(f"/task {HARMLESS}")
    assert HARMLESS in card["text"]
    assert "<script>" not in card["html"]
    assert HARMLESS[:29] in chat.ask("/mytasks")["text"]


@pytest.mark.parametrize(
    ("command", "status"), [("done", "completed"), ("start_task", "in_progress"), ("cancel", "cancelled")]
)
def test_commands_change_a_task(chat: Chat, user: User, command: str, status: str) -> None:
    number = user.task(title="Buy milk")
    assert "Buy milk" in chat.ask(f"/{command} {number}")["text"]
    assert user.http.get(f"/api/v1/tasks/{number}").json()["status"] == status


def test_commands_need_a_number_of_one_s_own_task(chat: Chat, api: Api) -> None:
    theirs = api.user().task(title="Secret")
    assert chat.ask("/done")["text"] == texts.number_usage("done")
    assert chat.ask("/done milk")["text"] == texts.number_usage("done")
    answer = chat.ask(f"/done {theirs}")["text"]
    assert answer == texts.not_found(theirs)
    assert chat.ask("/finish 1")["text"] == texts.NOT_UNDERSTOOD


def test_lists_show_what_they_are_named_for(chat: Chat, user: User) -> None:
    assert chat.ask("/mytasks")["text"] == texts.NO_TASKS
    user.task(title="Open one")
    done = user.task(title="Done one")
    chat.ask(f"/done {done}")
    seen = {name: chat.ask(f"/{name}")["text"] for name in ("mytasks", "pending", "completed")}
    assert {name: ("Open one" in text, "Done one" in text) for name, text in seen.items()} == {
        "mytasks": (True, True),
        "pending": (True, False),
        "completed": (False, True),
    }


def test_a_list_has_pages_and_a_button_for_each_task(chat: Chat, user: User) -> None:
    numbers = [user.task(title=f"Task {n}") for n in range(12)]
    first = chat.ask("/mytasks")
    assert labels(first) == [*(str(number) for number in reversed(numbers[2:])), "▶"]
    chat.press(first, "▶")
    second = chat.now(first)
    assert labels(second) == [str(numbers[1]), str(numbers[0]), "◀"]
    assert "page 2 of 2" in second["text"]
    before = len(chat.read())
    chat.press(second, str(numbers[0]))
    card = chat.next_after(before)
    assert f"#{numbers[0]} Task 0" in card["text"]
    assert len(labels(card)) == 3


def test_statistics_count(chat: Chat, user: User) -> None:
    done = user.task()
    urgent = user.task(priority="urgent")
    chat.finds(f"#{urgent} ")  # its notification comes by itself, before or after any answer
    chat.ask(f"/done {done}")
    answer = chat.ask("/stats")["text"]
    for words in ("total: 2", "completed: 1", "pending: 1", "50%", "urgent: 1"):
        assert words in answer


def test_buttons_change_the_task_and_the_message(chat: Chat, user: User) -> None:
    card = chat.ask("Buy milk")
    assert [each.split()[-1] for each in labels(card)] == ["Start", "Done", "Cancel"]
    assert chat.press(card, "Start")["text"] == "Started"
    started = chat.now(card)
    assert "in progress" in started["text"]
    assert [each.split()[-1] for each in labels(started)] == ["Done", "Cancel"]
    assert chat.press(started, "Done")["text"] == "Completed"
    assert (labels(chat.now(card)), tasks(user)[0]["status"]) == ([], "completed")


def test_a_button_of_a_deleted_task_says_so_and_goes(chat: Chat, user: User) -> None:
    card = chat.ask("Buy milk")
    (task,) = tasks(user)
    assert user.http.delete(f"/api/v1/tasks/{task['id']}").status_code == 204
    assert "not found" in chat.press(card, "Done")["text"]
    assert labels(chat.now(card)) == []


def test_the_same_button_twice_is_no_error(chat: Chat, telegram: FakeTelegram) -> None:
    listed = chat.ask("Buy milk") and chat.ask("/mytasks")
    said = len(chat.read())
    message = {"message_id": listed["message_id"], "date": 1, "chat": {"id": chat.id, "type": "private"}}
    person = {"id": chat.id, "is_bot": False, "first_name": "Ann"}
    query = {"id": "1", "from": person, "message": message, "chat_instance": "1", "data": "list:mytasks:1"}
    before = len(telegram.calls("answerCallbackQuery"))
    telegram.control("POST", "updates", kind="callback_query", content=query)
    eventually(lambda: len(telegram.calls("answerCallbackQuery")) > before, 10, "an answer to the button")
    assert "Buy milk" in chat.ask("/mytasks")["text"]
    assert [telegram.calls(method)[-1]["status"] for method in ("editMessageText", "answerCallbackQuery")] == [400] * 2
    assert len(chat.read()) == said + 1, "the list alone: what the button led to was said before, if anything"


def test_a_document_is_attached_by_its_caption(chat: Chat, user: User, api: Api) -> None:
    number = user.task()
    assert f"attached to task #{number}" in chat.send(caption=f"#{number}")["text"]
    (event,) = attachments(api, number)
    assert event.pop("telegram_file_id")
    assert event == {"filename": "report.pdf", "content_type": "application/pdf", "size": 5000}


def test_a_document_is_attached_by_a_reply(chat: Chat, user: User, api: Api) -> None:
    card = chat.ask("Buy milk #7")
    (task,) = tasks(user)
    assert f"task #{task['id']}" in chat.send(reply_to_message_id=card["message_id"])["text"]
    assert len(attachments(api, task["id"])) == 1


@pytest.mark.parametrize("caption", ["Pay this bill tomorrow", "/task Pay this bill tomorrow"])
def test_another_caption_makes_a_task(chat: Chat, user: User, api: Api, caption: str) -> None:
    chat.send("photos", file_size=200_000, caption=caption)
    chat.finds("is attached")
    (task,) = tasks(user)
    assert task["title"] == "Pay this bill"
    (event,) = attachments(api, task["id"])
    assert (event["content_type"], event["size"]) == ("image/jpeg", 200_000)


def test_an_album_goes_to_the_task_of_its_first_file(chat: Chat, user: User, api: Api) -> None:
    number = user.task()
    chat.send("photos", caption=f"#{number}", media_group_id="a1")
    assert f"task #{number}" in chat.send("photos", media_group_id="a1")["text"]
    assert len(attachments(api, number)) == 2


def test_a_file_for_nothing_is_asked_about(chat: Chat, api: Api) -> None:
    assert chat.send()["text"].startswith("Which task is this file for?")
    theirs = api.user().task()
    assert chat.send(caption=f"#{theirs}")["text"] == texts.not_found(theirs)
    assert attachments(api, theirs) == []


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"file_size": 10 * MIB + 1}, "too large"),
        ({"file_size": None, "hidden_size": 11 * MIB}, "too large"),
        ({"file_size": None, "hidden_size": 21 * MIB}, "too large"),
        ({"file_name": "run.exe", "mime_type": "application/x-msdownload"}, "not taken"),
        ({"file_name": "run.exe"}, "not taken"),
    ],
)
def test_files_that_are_not_taken_are_named(
    chat: Chat, user: User, api: Api, about: dict[str, Any], words: str
) -> None:
    number = user.task()
    assert words in chat.send(caption=f"#{number}", **about)["text"]
    assert attachments(api, number) == []


def test_a_size_that_telegram_did_not_say_is_asked_for(chat: Chat, user: User, api: Api) -> None:
    number = user.task()
    chat.send(caption=f"#{number}", file_size=None, hidden_size=4321)
    assert [each["size"] for each in attachments(api, number)] == [4321]


def test_an_urgent_task_made_elsewhere_is_told(chat: Chat, user: User) -> None:
    number = user.task(title="Fix the door", priority="urgent")
    told = chat.finds("Urgent task")
    assert f"#{number} Fix the door" in told["text"]
    user.http.patch(f"/api/v1/tasks/{number}", json={"status": "completed"})
    assert labels(chat.finds("Urgent task completed")) == []
    chat.press(told, "Start")
    assert user.http.get(f"/api/v1/tasks/{number}").json()["status"] == "in_progress"


def test_what_a_person_did_here_is_not_told_again(chat: Chat, process: Process) -> None:
    before = metric(process, "bot_notifications_total", outcome="own")
    card = chat.ask("Fix the door urgent")
    chat.press(card, "Done")
    eventually(
        lambda: metric(process, "bot_notifications_total", outcome="own") == before + 2, 10, "both to be settled"
    )
    assert len(chat.read()) == 2


def test_a_reminder_arrives_when_it_is_due(chat: Chat, user: User, api: Api) -> None:
    number = user.task(title="Take the bag")
    at = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
    answer = user.http.post(f"/api/v1/tasks/{number}/reminders", params={"remind_at": at})
    assert answer.status_code == 200, answer.text
    eventually(
        lambda: api.postgres_data.http.post("/reminders/dispatch", params={"limit": 100}).json()["dispatched"],
        10, "the reminder to be due", every=0.05,
    )  # fmt: skip
    told = chat.finds("🔔")
    assert f"#{number} Take the bag" in told["text"]
    assert len(labels(told)) == 3


def test_groups_are_not_served(telegram: FakeTelegram, chat: Chat, user: User) -> None:
    telegram.control("POST", "messages", chat_id=-5, type="group", from_id=chat.id, text="/mytasks")
    chat.ask("/mytasks")  # the same person: in order
    assert telegram.messages(-5) == []


def test_other_things_than_text_are_answered(telegram: FakeTelegram, stranger: Chat) -> None:
    stranger.ask("/help")
    person = {"id": stranger.id, "is_bot": False, "first_name": "Ann"}
    dice = {"message_id": 1, "date": 1, "chat": {"id": stranger.id, "type": "private"}, "from": person}
    before = len(stranger.read())
    telegram.control("POST", "updates", kind="message", content=dice | {"dice": {"emoji": "🎲", "value": 3}})
    assert stranger.next_after(before)["text"] == texts.ONLY_TEXT_AND_FILES


def test_an_update_that_cannot_be_read_does_not_stop_the_bot(telegram: FakeTelegram, stranger: Chat) -> None:
    telegram.control("POST", "updates", kind="message", content={"message_id": "none", "chat": 5})
    assert stranger.ask("/help")["text"].startswith("Send me a text")


def test_a_chat_s_messages_are_handled_in_order(chat: Chat, user: User) -> None:
    before = len(chat.read())
    for n in range(10):
        chat.say(f"Task {n}")
    eventually(lambda: len(chat.read()) == before + 10, 20, "ten answers", every=0.05)
    assert [each["title"] for each in reversed(tasks(user))] == [f"Task {n}" for n in range(10)]
