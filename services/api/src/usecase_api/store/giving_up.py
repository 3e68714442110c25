"""Creates whose outcome is not known, given up: postgres-data is asked to fail them until it has answered.

Between the answer 503 to a caller and that answer here stands only this process's memory: a create whose api is
killed in between may be there, unanswered for.
"""

import asyncio
from uuid import UUID

import structlog
from prometheus_client import Gauge

from usecase_contracts.tasks import TransactionFailure
from usecase_http.client import Client
from usecase_runtime.errors import NotFound, Refused, Unavailable

PATIENCE_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 5.0
MOST = 1000
PENDING = Gauge("creates_of_unknown_outcome", "Creates that postgres-data has still to be asked to fail")
_log = structlog.get_logger()


class GivingUp:
    """Asks in the background; a caller waits for the answer only for a moment."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asking: set[asyncio.Task[None]] = set()

    @property
    def full(self) -> bool:
        """Whether so many outcomes are unknown that there should be no more."""
        return len(self._asking) >= MOST

    def begin(self, transaction_id: UUID, user_id: int, reason: str) -> asyncio.Task[None]:
        """See to it that this transaction has no task, now or later, without waiting."""
        asking = asyncio.create_task(self._until_answered(transaction_id, user_id, reason))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        return asking

    async def give_up(self, transaction_id: UUID, user_id: int, reason: str) -> None:
        """The same, and wait for a moment."""
        await asyncio.wait({self.begin(transaction_id, user_id, reason)}, timeout=PATIENCE_SECONDS)

    async def close(self, seconds: float) -> None:
        """Wait for what is still asked, for so long; say what remains unknown."""
        if self._asking:
            _, unknown = await asyncio.wait(self._asking, timeout=seconds)
            for asking in unknown:
                asking.cancel()
            await asyncio.gather(*unknown, return_exceptions=True)

    async def _until_answered(self, transaction_id: UUID, user_id: int, reason: str) -> None:
        body = TransactionFailure(user_id=user_id, error=reason[:500]).model_dump_json().encode()
        wait = 0.1
        with PENDING.track_inprogress():
            try:
                while True:
                    try:
                        await self._client.call("POST", f"/transactions/{transaction_id}/fail", body)
                        _log.warning("a create was given up", transaction=str(transaction_id))
                        return
                    except (NotFound, Refused) as error:
                        _log.error("a create cannot be given up", transaction=str(transaction_id), reason=str(error))
                        return
                    except Unavailable:
                        await asyncio.sleep(wait)
                        wait = min(wait * 2, LONGEST_WAIT_SECONDS)
            except asyncio.CancelledError:
                _log.error("a create's outcome stays unknown", transaction=str(transaction_id), user=user_id)
                raise
