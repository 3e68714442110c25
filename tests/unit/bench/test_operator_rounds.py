"""When a round of `make bench-operator` counts."""

import pytest

from bench.operator.rounds import summary


def test_a_ratio_is_to_the_floors_on_both_sides() -> None:
    found = summary([4.0, 4.2, 4.0], [4.1, 2.05], applies=42)

    assert [round(each["ratio"], 2) for each in found["rounds"]] == [1.0, 0.5]
    assert found["ratio"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("floors", "why"),
    [
        pytest.param([4.0, 3.0, 4.0], "they differ", id="spread"),
        pytest.param([2.0, 2.0, 2.0], "84 applies a second", id="slow"),
    ],
)
def test_a_round_between_bad_floors_is_void(floors: list[float], why: str) -> None:
    found = summary(floors, [3.0, 3.0], applies=42)

    assert [each["counts"] for each in found["rounds"]] == [False, False], why
    assert found["ratio"] is None


def test_a_void_round_does_not_count_among_others() -> None:
    found = summary([4.0, 4.0, 6.0], [4.0, 1.0], applies=42)

    assert found["ratio"] == 1.0
