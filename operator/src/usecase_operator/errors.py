"""The only two ways a step of the reconcile can fail.

Any layer may raise them; the steps of a pass keep them, and `conditions` turns them into what people read. Both say
*reason*, one PascalCase word out of `reasons.py`, and *message*, a sentence that names the thing, what is wrong with it
and the next step for the person who reads it.
"""


class Retry(Exception):  # noqa: N818 - the word of the story: `raise Retry(...)`
    """Trying again may help: the world was not ready. *after* is the pause in seconds; None: the loop's."""

    def __init__(self, reason: str, message: str, after: float | None = None) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.after = after


class Stuck(Exception):  # noqa: N818 - the word of the story: `raise Stuck(...)`
    """Trying again can't help: somebody has to change the resource, a Secret or the cluster."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
