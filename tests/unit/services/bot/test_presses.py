"""Buttons: what they say comes back as it was, fits Telegram, and suits the task."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.services.bot.making import page, task
from usecase_bot.presses import Change, Listing, Press, Show, Turn, decode, encode, for_task, under_list
from usecase_contracts.fields import MAX_ID
from usecase_contracts.tasks import TaskStatus

IDS = st.integers(1, MAX_ID)
PRESSES = (
    st.builds(Change, st.sampled_from(TaskStatus), IDS)
    | st.builds(Show, IDS)
    | st.builds(Turn, st.sampled_from(Listing), IDS)
)


@given(PRESSES)
def test_a_button_says_what_it_was_given(press: Press) -> None:
    assert decode(encode(press)) == press
    assert len(encode(press).encode()) <= 64


@given(st.none() | st.text() | st.from_regex(r"(status|list|show):[a-z_]*:?[0-9]*"))
def test_what_no_button_of_ours_says_is_nothing_or_sound(data: str | None) -> None:
    press = decode(data)
    assert press is None or decode(encode(press)) == press


@pytest.mark.parametrize(
    "data", ["", "status:done:1", "status:active:0", "show:-1", "list:all:1", "show:99999999999999999"]
)
def test_nonsense_is_nothing(data: str) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("active", [TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, TaskStatus.CANCELLED]),
        ("in_progress", [TaskStatus.COMPLETED, TaskStatus.CANCELLED]),
        ("completed", []),
        ("cancelled", []),
    ],
)
def test_a_task_offers_what_can_still_be_done(status: str, offered: list[TaskStatus]) -> None:
    presses = [press for row in for_task(task(status=status)) for _, press in row]
    assert presses == [Change(each, 12) for each in offered]


@pytest.mark.parametrize(("number", "total", "turns"), [(1, 5, []), (1, 25, [2]), (2, 25, [1, 3]), (3, 25, [2])])
def test_a_list_leads_to_the_pages_beside_it(number: int, total: int, turns: list[int]) -> None:
    presses = [press for row in under_list(page(task(), number=number, total=total), Listing.ALL) for _, press in row]
    assert presses == [Show(12), *(Turn(Listing.ALL, each) for each in turns)]
