"""The fake Bot API server is as strict as Telegram, so that a bot that passes here passes there."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from cluster.polling import eventually
from integration.services.bot.fake_telegram import TOKEN, FakeTelegram, fake_telegram

ANN = 1001


@pytest.fixture(scope="module")
def server() -> Iterator[FakeTelegram]:
    with fake_telegram() as running:
        yield running


@pytest.fixture
def telegram(server: FakeTelegram) -> FakeTelegram:
    server.control("POST", "reset")
    server.control("POST", "messages", chat_id=ANN, text="/start")
    return server


def refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert (body["ok"], body["error_code"]) == (False, answer.status_code)
    return answer.status_code, body["description"]


def result(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def buttons(*data: str) -> str:
    return json.dumps({"inline_keyboard": [[{"text": each, "callback_data": each} for each in data]]})


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("a < b", "Unsupported start tag"),
        ("<b>a", "Can't find end tag corresponding to start tag"),
        ("<b><i>a</b></i>", "Unmatched end tag"),
        ("a</b>", "Unmatched end tag"),
        ("<script>x</script>", 'Unsupported start tag "script"'),
    ],
)
def test_html_that_does_not_parse_is_refused(telegram: FakeTelegram, html: str, reason: str) -> None:
    status, said = refusal(telegram.call("sendMessage", chat_id=ANN, text=html, parse_mode="HTML"))
    assert status == 400
    assert said.startswith("Bad Request: can't parse entities")
    assert reason in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "message text is empty"), ("<b> </b>", "message text is empty"), ("x" * 4097, "message is too long"),
     ("🎉" * 2049, "message is too long")],
)  # fmt: skip
def test_texts_are_neither_empty_nor_too_long(telegram: FakeTelegram, text: str, reason: str) -> None:
    answer = telegram.call("sendMessage", chat_id=ANN, text=text, parse_mode="HTML")
    assert refusal(answer) == (400, f"Bad Request: {reason}")


def test_the_limit_counts_what_is_read_not_what_is_sent(telegram: FakeTelegram) -> None:
    text = "&lt;" * 4095 + "<b>x</b>"
    assert result(telegram.call("sendMessage", chat_id=ANN, text=text, parse_mode="HTML"))["text"] == "<" * 4095 + "x"


def test_a_message_is_seen_as_it_was_meant(telegram: FakeTelegram) -> None:
    sent = result(telegram.call("sendMessage", chat_id=ANN, text="🎉 <b>Ann &amp; Bob</b>", parse_mode="HTML"))
    assert sent["entities"] == [{"type": "bold", "offset": 3, "length": 9}]
    assert [(each["text"], each["html"]) for each in telegram.messages(ANN)] == [
        ("🎉 Ann & Bob", "🎉 <b>Ann &amp; Bob</b>")
    ]


def test_nobody_is_written_to_who_did_not_write_first(telegram: FakeTelegram) -> None:
    assert refusal(telegram.call("sendMessage", chat_id=77, text="x")) == (400, "Bad Request: chat not found")


def test_a_blocked_bot_is_forbidden(telegram: FakeTelegram) -> None:
    telegram.control("POST", f"chats/{ANN}/block")
    blocked = (403, "Forbidden: bot was blocked by the user")
    assert refusal(telegram.call("sendMessage", chat_id=ANN, text="x")) == blocked
    telegram.control("DELETE", f"chats/{ANN}/block")
    assert telegram.call("sendMessage", chat_id=ANN, text="x").status_code == 200


def test_buttons_are_checked(telegram: FakeTelegram) -> None:
    answer = telegram.call("sendMessage", chat_id=ANN, text="x", reply_markup=buttons("x" * 65))
    assert refusal(answer) == (400, "Bad Request: BUTTON_DATA_INVALID")
    answer = telegram.call("sendMessage", chat_id=ANN, text="x", reply_markup="{")
    assert refusal(answer)[0] == 400


def test_an_update_comes_until_it_is_confirmed(telegram: FakeTelegram) -> None:
    (first,) = result(telegram.call("getUpdates"))
    assert result(telegram.call("getUpdates")) == [first]
    assert first["message"]["text"] == "/start"
    assert result(telegram.call("getUpdates", offset=first["update_id"] + 1)) == []
    assert result(telegram.call("getUpdates")) == []


def test_a_poll_waits_for_what_people_write(telegram: FakeTelegram) -> None:
    (first,) = result(telegram.call("getUpdates"))
    with ThreadPoolExecutor() as pool:
        polling = pool.submit(telegram.call, "getUpdates", offset=first["update_id"] + 1, timeout=8)
        eventually(lambda: len(telegram.calls("getUpdates")) == 2, 5, "the poll to wait")
        telegram.control("POST", "messages", chat_id=ANN, text="hello")
        (second,) = result(polling.result(timeout=5))
    assert second["message"]["text"] == "hello"


def test_of_two_pollers_the_first_is_told(telegram: FakeTelegram) -> None:
    (first,) = result(telegram.call("getUpdates"))
    with ThreadPoolExecutor() as pool:
        polling = pool.submit(telegram.call, "getUpdates", offset=first["update_id"] + 1, timeout=8)
        eventually(lambda: len(telegram.calls("getUpdates")) == 2, 5, "the poll to wait")
        telegram.call("getUpdates", offset=first["update_id"] + 1)
        assert refusal(polling.result(timeout=5))[0] == 409


def test_kinds_that_the_bot_does_not_want_do_not_come(telegram: FakeTelegram) -> None:
    (first,) = result(telegram.call("getUpdates", allowed_updates=json.dumps(["callback_query"])))
    telegram.control("POST", "messages", chat_id=ANN, text="hello")
    assert result(telegram.call("getUpdates", offset=first["update_id"] + 1)) == []


def test_a_pressed_button_is_answered_once(telegram: FakeTelegram) -> None:
    sent = result(telegram.call("sendMessage", chat_id=ANN, text="x", reply_markup=buttons("yes", "no")))
    pressed = telegram.control("POST", "presses", chat_id=ANN, message_id=sent["message_id"], data="no")
    query = result(telegram.call("getUpdates"))[-1]["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("no", sent["message_id"])
    assert telegram.control("GET", f"presses/{pressed['query_id']}")["answered"] is False
    assert result(telegram.call("answerCallbackQuery", callback_query_id=query["id"], text="Noted"))
    assert telegram.control("GET", f"presses/{pressed['query_id']}")["text"] == "Noted"
    assert "query is too old" in refusal(telegram.call("answerCallbackQuery", callback_query_id=query["id"]))[1]


def test_only_buttons_that_are_there_can_be_pressed(telegram: FakeTelegram) -> None:
    sent = result(telegram.call("sendMessage", chat_id=ANN, text="x", reply_markup=buttons("yes")))
    answer = telegram.http.post(
        "/control/presses", json={"chat_id": ANN, "message_id": sent["message_id"], "data": "no"}
    )
    assert answer.status_code == 404


def test_an_edit_has_to_change_something_of_the_bot_s_own(telegram: FakeTelegram) -> None:
    sent = result(telegram.call("sendMessage", chat_id=ANN, text="x", reply_markup=buttons("yes")))
    edit = {"chat_id": ANN, "message_id": sent["message_id"], "text": "x"}
    assert (
        "message is not modified" in refusal(telegram.call("editMessageText", **edit, reply_markup=buttons("yes")))[1]
    )
    assert "reply_markup" not in result(telegram.call("editMessageText", **edit))
    (seen,) = telegram.messages(ANN)
    assert (seen["buttons"], seen["edits"]) == ([], 1)
    theirs = telegram.messages(ANN, by="user")[0]["message_id"]
    assert "can't be edited" in refusal(telegram.call("editMessageText", chat_id=ANN, message_id=theirs, text="y"))[1]


def test_files_have_ids_and_the_largest_are_out_of_reach(telegram: FakeTelegram) -> None:
    about = {"chat_id": ANN, "file_name": "a.pdf", "mime_type": "application/pdf"}
    telegram.control("POST", "documents", **about, hidden_size=5000, caption="#1")
    telegram.control("POST", "documents", **about, hidden_size=21 * 2**20)
    small, large = (each["message"] for each in result(telegram.call("getUpdates"))[-2:])
    assert small["caption"] == "#1"
    assert "file_size" not in small["document"]
    assert result(telegram.call("getFile", file_id=small["document"]["file_id"]))["file_size"] == 5000
    assert "file is too big" in refusal(telegram.call("getFile", file_id=large["document"]["file_id"]))[1]
    assert "invalid file_id" in refusal(telegram.call("getFile", file_id="x"))[1]


def test_a_flood_lasts_as_long_as_it_says(telegram: FakeTelegram) -> None:
    telegram.control("POST", "faults", kind="flood", method="sendMessage", seconds=1)
    answer = telegram.call("sendMessage", chat_id=ANN, text="x")
    assert refusal(answer) == (429, "Too Many Requests: retry after 1")
    assert answer.json()["parameters"] == {"retry_after": 1}
    assert telegram.call("getMe").status_code == 200
    eventually(lambda: telegram.call("sendMessage", chat_id=ANN, text="x").status_code == 200, 3, "the flood's end")


@pytest.mark.parametrize("kind", ["status", "html"])
def test_a_broken_server_is_broken_as_often_as_it_was_told(telegram: FakeTelegram, kind: str) -> None:
    telegram.control("POST", "faults", kind=kind, times=2, status=502)
    assert [telegram.call("getMe").status_code for _ in range(3)] == [502, 502, 200]


@pytest.mark.parametrize("kind", ["disconnect", "silence"])
def test_a_connection_breaks(telegram: FakeTelegram, kind: str) -> None:
    telegram.control("POST", "faults", kind=kind, times=1, seconds=0.3)
    began = time.monotonic()
    with pytest.raises(httpx.TransportError):
        telegram.call("getMe")
    assert (time.monotonic() - began >= 0.3) is (kind == "silence")


def test_an_answer_may_get_lost_after_the_work(telegram: FakeTelegram) -> None:
    telegram.control("POST", "faults", kind="lost_answer", method="sendMessage", times=1)
    with pytest.raises(httpx.TransportError):
        telegram.call("sendMessage", chat_id=ANN, text="x")
    assert len(telegram.messages(ANN)) == 1


def test_an_outage_breaks_a_poll_that_waits(telegram: FakeTelegram) -> None:
    (first,) = result(telegram.call("getUpdates"))
    with ThreadPoolExecutor() as pool:
        polling = pool.submit(telegram.call, "getUpdates", offset=first["update_id"] + 1, timeout=30)
        eventually(lambda: len(telegram.calls("getUpdates")) == 2, 5, "the poll to wait")
        telegram.control("POST", "faults", kind="disconnect", seconds=1)
        with pytest.raises(httpx.TransportError):
            polling.result(timeout=5)


def test_a_fault_without_a_measure_is_refused(telegram: FakeTelegram) -> None:
    for fault in ({"kind": "rain"}, {"kind": "flood"}, {"kind": "status"}, {}):
        assert telegram.http.post("/control/faults", json=fault).status_code == 400


def test_forms_and_queries_are_understood_like_json(telegram: FakeTelegram) -> None:
    path = f"/bot{TOKEN}/sendMessage"
    assert telegram.http.get(path, params={"chat_id": ANN, "text": "query"}).status_code == 200
    assert telegram.http.post(path, data={"chat_id": str(ANN), "text": "form"}).status_code == 200
    assert [each["text"] for each in telegram.messages(ANN)] == ["query", "form"]


def test_only_known_methods_and_tokens_are_answered(telegram: FakeTelegram) -> None:
    assert telegram.call("sendInvoice").status_code == 404
    assert telegram.call("getMe", token="nonsense").status_code == 401
    with fake_telegram(BOT_TOKEN="5:own") as strict:
        assert strict.call("getMe").status_code == 401
        assert result(strict.call("getMe", token="5:own"))["id"] == 5


def test_a_person_finds_a_page_to_chat_on(telegram: FakeTelegram) -> None:
    page = telegram.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for path in ("control/messages", "control/presses", "control/documents"):
        assert path in page.text
