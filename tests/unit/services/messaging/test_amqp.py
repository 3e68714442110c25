"""How long a lost broker is left alone."""

from itertools import accumulate, repeat

import pytest

from usecase_messaging.amqp import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, wait_after


def test_waits_grow_while_no_connection_holds() -> None:
    waits = list(accumulate(repeat(0.01, 8), wait_after, initial=0.0))[1:]
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS])


def test_a_connection_that_held_is_made_again_soon() -> None:
    assert wait_after(LONGEST_WAIT_SECONDS, 3600) == FIRST_WAIT_SECONDS
