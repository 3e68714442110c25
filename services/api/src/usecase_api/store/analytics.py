"""A user's analytics, in mongo-data: read only, and only if they come quickly."""

import structlog

from usecase_api.store.peer import Peer
from usecase_http.problem import Problem
from usecase_runtime.errors import NotFound, Unavailable

PATIENCE_SECONDS = 2.0
"""For a call with all its tries: a list does not wait longer for what is not the tasks themselves."""
_log = structlog.get_logger()


class Analytics:
    """Made over mongo-data."""

    def __init__(self, mongo: Peer) -> None:
        self._mongo = mongo

    async def of_user(self, user_id: int) -> bytes | None:
        """What is counted of this user's tasks, as mongo-data answers it; None when it does not."""
        try:
            return await self._mongo.attempt("GET", f"/users/{user_id}/task_analytics")
        except (Unavailable, NotFound, Problem) as error:
            _log.warning("a list without analytics", reason=f"{type(error).__name__}: {error}")
            return None
