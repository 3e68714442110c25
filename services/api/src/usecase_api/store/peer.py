"""A data service, as the rest of the api calls it: bounded tries behind a breaker, failures as the caller's answer."""

import orjson
import structlog

from usecase_api.breaker import Breaker, CircuitOpen
from usecase_http.client import Client, Query
from usecase_http.problem import Problem
from usecase_runtime.errors import NotDone, Refused, ServerError, Unavailable

RETRY_AFTER_SECONDS = 2
_log = structlog.get_logger()


class Peer:
    """Calls one data service by `client`."""

    def __init__(self, name: str, client: Client) -> None:
        self.name, self._client = name, client
        self._breaker = Breaker(name, Unavailable)

    async def attempt(
        self, method: str, path: str, body: bytes | None = None, query: Query | None = None, repeatable: bool = True
    ) -> bytes:
        """Like `Client.call`, for whoever decides about an outage itself: NotFound, Unavailable and NotDone come
        through; what else is refused is the caller's Problem.
        """
        try:
            with self._breaker.around():
                try:
                    return await self._client.call(method, path, body, query, repeatable)
                except ServerError as error:
                    broke = error  # on this one request: nobody else shall be kept away for it
            raise broke
        except CircuitOpen as error:
            raise NotDone(str(error)) from None
        except Unavailable as error:
            _log.warning("a data service is away", peer=self.name, reason=str(error))
            raise
        except Refused as error:
            raise _said_by(error) from None

    async def call(
        self, method: str, path: str, body: bytes | None = None, query: Query | None = None, repeatable: bool = True
    ) -> bytes:
        """The same, where an outage is a 503. Without Retry-After if it must not simply be asked again."""
        try:
            return await self.attempt(method, path, body, query, repeatable)
        except Unavailable as error:
            raise self.away(harmless=repeatable or isinstance(error, NotDone)) from error

    def away(self, *, harmless: bool) -> Problem:
        """The answer when the data service is away, and whether it is `harmless` to ask the same again."""
        if harmless:
            return Problem(503, f"{self.name} is not available", "unavailable", retry_after=RETRY_AFTER_SECONDS)
        return Problem(503, f"{self.name} did not answer: it may have been done, or not", "outcome-unknown")


def _said_by(refusal: Refused) -> Problem:
    """The data service's own problem, for our caller."""
    try:
        said = orjson.loads(refusal.body)
        slug = said["type"].removeprefix("urn:usecase:") if said["type"] != "about:blank" else None
        return Problem(refusal.status, said["detail"], slug, said.get("errors"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Problem(refusal.status, "a data service refuses this")
