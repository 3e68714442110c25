"""May a queue go? Unknown is not zero, and messages keep the way back that they need."""

from typing import Any

import pytest

from usecase_operator.broker.emptiness import Kept, in_use, together


@pytest.mark.parametrize(
    ("statistics", "why", "known"),
    [
        pytest.param({"name": "q"}, "its messages are not counted yet", False, id="no statistics"),
        pytest.param({"name": "q", "messages": 3, "consumers": 0}, "it holds 3 messages", True, id="messages"),
        pytest.param({"name": "q", "messages": 0, "consumers": 2}, "it has 2 consumers", False, id="consumers"),
    ],
)
def test_a_queue_in_use_stays(statistics: dict[str, Any], why: str, known: bool) -> None:
    assert in_use(statistics) == Kept("q", why, known)


def test_an_empty_queue_may_go() -> None:
    assert in_use({"name": "q", "messages": 0, "consumers": 0}) is None


@pytest.mark.parametrize(
    ("full", "stay"),
    [
        pytest.param("q", ["q", "q.dlq", "q.retry"], id="the queue"),
        pytest.param("q.retry", ["q", "q.dlq", "q.retry"], id="its retries"),
        pytest.param("q.dlq", ["q.dlq"], id="its dead letters"),
    ],
)
def test_what_is_kept_keeps_the_way_its_messages_take(full: str, stay: list[str]) -> None:
    kept = together(["q", "q.retry", "q.dlq", "other"], {full: Kept(full, "it holds 1 messages")})
    assert [each.queue for each in kept] == stay
