"""How a pod ends: seconds it goes on serving, seconds to finish its work, and when it is killed.

A Service's endpoints follow a pod's end with a delay: who serves sleeps `DRAIN` seconds before it is told to stop, so
that no request meets a closed port. Then it has `stop_grace` seconds, which it knows as STOP_GRACE_SECONDS.
"""

from usecase_operator.model import Component
from usecase_operator.render.natures import nature

DRAIN = 5
REQUEST_GRACE = 20
MARGIN = 10


def drain(component: Component) -> int:
    return DRAIN if nature(component).serves else 0


def stop_grace(component: Component) -> int:
    """The longest piece of work the component may have in hand: a message, or requests."""
    return max([each.max_processing_seconds for each in component.consumes], default=REQUEST_GRACE)


def termination_grace(component: Component) -> int:
    """`terminationGracePeriodSeconds`: the drain counts in it."""
    return drain(component) + stop_grace(component) + MARGIN
