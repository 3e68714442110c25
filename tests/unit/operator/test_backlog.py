"""Buckets of queue lengths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.backlog import bucket


@pytest.mark.parametrize(
    ("messages", "said"), [(0, "0"), (1, "1-9"), (9, "1-9"), (10, "10-99"), (128, "100-999"), (100000, "100000-999999")]
)
def test_the_bucket_is_the_decade(messages: int, said: str) -> None:
    assert bucket(messages) == said


@given(st.integers(1, 10**12))
def test_a_bucket_holds_its_number(messages: int) -> None:
    low, high = bucket(messages).split("-")

    assert int(low) <= messages <= int(high)
