"""Tokens in memory: used while they last, the oldest forgotten when there are too many."""

from usecase_bot.api import RENEW_BEFORE_SECONDS, Sessions
from usecase_contracts.sessions import TelegramSession


def session(token: str, seconds: int = 1800, username: str = "ann") -> TelegramSession:
    return TelegramSession(access_token=token, expires_in=seconds, username=username)


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    now = 0.0
    sessions = Sessions(clock=lambda: now)
    sessions.keep(1, session("a", 100))
    now = 99.0 - RENEW_BEFORE_SECONDS
    assert sessions.token(1) == "a"
    now = 100.0 - RENEW_BEFORE_SECONDS
    assert sessions.token(1) is None


def test_the_least_recently_used_goes_first() -> None:
    sessions = Sessions(size=2)
    for chat in (1, 2):
        sessions.keep(chat, session(str(chat)))
    assert sessions.token(1) == "1"
    sessions.keep(3, session("3"))
    assert [sessions.token(chat) for chat in (1, 2, 3)] == ["1", None, "3"]


def test_an_account_that_moves_to_another_chat_leaves_nothing_behind() -> None:
    sessions = Sessions()
    for chat, name in ((1, "ann"), (2, "bob")):
        sessions.keep(chat, session("t", username=name))
    sessions.forget_user("ann")
    assert [sessions.token(chat) for chat in (1, 2)] == [None, "t"]


def test_what_is_forgotten_is_gone() -> None:
    sessions = Sessions()
    sessions.keep(1, session("a"))
    sessions.forget(1)
    assert sessions.token(1) is None
