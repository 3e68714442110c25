"""Which use cases get a pass yet: none before everything that exists in its scope was seen, else it would make what is
there already. `main` asks before each pass, and the watches tell when there is more to admit.
"""

from collections.abc import Callable, Sequence
from typing import Any

from usecase_operator.watches import Scope


class Admission:
    """*body*: UID → the resource, None once it is gone. *again*: asks for another pass over a UID."""

    def __init__(self, body: Callable[[str], dict[str, Any] | None], again: Callable[[str], None]) -> None:
        self.scopes: Sequence[Scope] = ()
        self._body = body
        self._again = again
        self._waiting: set[str] = set()

    def admits(self, uid: str) -> bool:
        """Whether *uid* gets its pass now; if not, it is asked for again when its scope has news."""
        admitted = self._admitted(uid)
        if not admitted:
            self._waiting.add(uid)
        return admitted

    def news(self) -> None:
        """A scope may admit more than before."""
        waiting, self._waiting = self._waiting, set()
        for uid in waiting:
            self._again(uid)

    def _admitted(self, uid: str) -> bool:
        if all(each.seen for each in self.scopes):
            return True
        if (body := self._body(uid)) is None:
            return True  # it is gone: nothing is made for it
        metadata = body["metadata"]
        scope = next(each for each in self.scopes if each.namespace in (None, metadata["namespace"]))
        return scope.admits(ending="deletionTimestamp" in metadata)
