"""Where the seed's tests look for the stack: at what the variables name, or at the processes of this run."""

import pytest

from integration.services.stack.addresses import VARIABLES, Addresses, addresses
from integration.services.stack.stack import Stack

NAMED = {variable: f"http://{field}" for field, variable in VARIABLES.items()}


def nothing_is_started() -> Stack:
    raise AssertionError("started the stack of this run")


def test_a_deployed_stack_is_named_by_variables() -> None:
    assert addresses(nothing_is_started, NAMED) == Addresses(
        "http://api", "http://postgres_data", "http://mongo_data", "http://rabbitmq", "http://internal_token"
    )


@pytest.mark.parametrize("missing", VARIABLES.values())
def test_a_stack_that_is_half_named_is_a_mistake(missing: str) -> None:
    with pytest.raises(ValueError, match=f"not set: {missing}$"):
        addresses(nothing_is_started, {**NAMED, missing: ""})


def test_without_variables_it_is_the_stack_of_this_run() -> None:
    with pytest.raises(AssertionError, match="started the stack of this run"):
        addresses(nothing_is_started, {})
