"""Waiting for something to become true, with a deadline. The one place where tests and bring-up sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

from cluster.errors import ClusterError

T = TypeVar("T")


def eventually(check: Callable[[], T], timeout: float, what: str, every: float = 0.25) -> T:
    """What *check* returns, once it is truthy.

    *check* runs at least once and is repeated every *every* seconds while it returns something falsy or raises
    AssertionError or ClusterError. After *timeout* seconds: AssertionError that says *what* was waited for and what
    the last try said.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            if result := check():
                return result
            last = "nothing yet"
        except (AssertionError, ClusterError) as error:
            last = str(error) or type(error).__name__
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}; last seen: {last}")
        time.sleep(every)
