"""JSON over HTTP to another service of ours: one pool, bounded tries, and errors that a caller can tell
apart.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from opentelemetry.trace import SpanKind
from pydantic import SecretStr

from usecase_runtime.context import outgoing_headers
from usecase_runtime.errors import NotDone, NotFound, NotSent, Refused, ServerError, Unavailable
from usecase_runtime.tracing import span

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.5
Query = Mapping[str, str | int | Sequence[str]]


class Client:
    """Calls one service. Made by `http_client`."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, seconds: float) -> None:
        self._session, self._base, self._seconds = session, base_url.rstrip("/"), seconds
        self._peer = urlsplit(base_url).netloc

    async def call(
        self, method: str, path: str, body: bytes | None = None, query: Query | None = None, repeatable: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:  # fmt: skip
        """Send JSON bytes, get JSON bytes. Tried up to 3 times within the client's time when `repeatable`
        (may arrive twice), else only while it certainly was not worked on. `headers` go before the client's own.
        Raises NotFound, Refused, Unavailable; NotDone when no try was worked on, NotSent when none arrived.
        """
        failure: Exception = NotSent()
        sure, arrived = True, False  # sure: that nothing was done
        try:
            async with asyncio.timeout(self._seconds):
                for attempt in range(ATTEMPTS):
                    try:
                        return await self._once(method, path, body, query, headers or {})
                    except aiohttp.ClientConnectorError as error:
                        failure = error
                    except NotDone as error:
                        failure, arrived = error, True
                    except (Unavailable, aiohttp.ClientError) as error:
                        failure, sure = error, False
                    if attempt == ATTEMPTS - 1 or not (repeatable or sure):
                        break
                    await asyncio.sleep(FIRST_WAIT_SECONDS * 2**attempt * random.uniform(0.75, 1.25))
        except TimeoutError as error:
            failure, sure = error, False
        if isinstance(failure, Unavailable) and isinstance(failure, NotDone) == sure:
            raise failure
        kind = (NotDone if arrived else NotSent) if sure else Unavailable
        raise kind(f"{self._peer}: {type(failure).__name__}: {failure}") from failure

    async def _once(
        self, method: str, path: str, body: bytes | None, query: Query | None, own: Mapping[str, str]
    ) -> bytes:
        with span(f"{method} {self._peer}", SpanKind.CLIENT):
            headers = {**outgoing_headers(), "content-type": "application/json", **own}
            url = self._base + path
            async with self._session.request(method, url, data=body, params=query, headers=headers) as response:
                answer, status = await response.read(), response.status
        if status < 400:
            return answer
        if status == 404:
            raise NotFound(path)
        if status >= 500 or status in (408, 429):
            kind = ServerError if status == 500 else Unavailable
            # Refused at the door, or undone: between our services Retry-After promises that nothing is left of it.
            kind = NotDone if "retry-after" in response.headers else kind
            raise kind(f"{self._peer} answered {status}")
        if status == 401 and "authorization" in self._session.headers and "authorization" not in own:
            # Nothing is wrong with the request: both sides were given different credentials.
            raise Unavailable(f"{self._peer} refuses our credential (401): is it the same on both sides?")
        raise Refused(status, answer)


@asynccontextmanager
async def http_client(
    base_url: str, token: SecretStr | None = None, *, connections: int = 100, seconds: float = 30
) -> AsyncIterator[Client]:
    """A client with a pool of `connections`, at most `seconds` for a call with all its tries (S:182-183)."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        headers={"authorization": f"Bearer {token.get_secret_value()}"} if token else {},
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
    ) as session:
        # A lost DELETE would be sent a second time unseen, and find nothing; tries are counted here alone. There is no
        # public switch; aiohttp's own test client sets this one.
        session._retry_connection = False
        yield Client(session, base_url, seconds)
