"""Numbers of tasks in what people write."""

import pytest

from usecase_bot.numbers import argument, named_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" #12 ", 12),
        ("12 now", None),
        ("", None),
        (None, None),
        ("0", None),
        ("9" * 17, None),
        ("١٢", None),
    ],
)
def test_a_number_behind_a_command_stands_alone(text: str | None, number: int | None) -> None:
    assert argument(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("⬜ #12 Fix #7", 12),
        ("for #12, please", 12),
        ("number 12", None),
        ("#12345678901234567890", None),
        (None, None),
    ],
)
def test_a_task_is_named_by_its_sign(text: str | None, number: int | None) -> None:
    assert named_in(text) == number
