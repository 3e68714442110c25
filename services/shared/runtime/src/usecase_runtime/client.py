"""JSON over HTTP to another service of ours: one pool, bounded tries, and errors that a caller can tell
apart.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from opentelemetry.trace import SpanKind
from pydantic import SecretStr

from usecase_runtime.context import outgoing_headers
from usecase_runtime.errors import NotFound, Refused, Unavailable
from usecase_runtime.tracing import span

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 0.5
Query = Mapping[str, str | int]


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
        Raises NotFound, Refused, Unavailable.
        """
        try:
            async with asyncio.timeout(self._seconds):
                for attempt in range(ATTEMPTS - 1):
                    try:
                        return await self._once(method, path, body, query, headers or {})
                    except (_TurnedAway, aiohttp.ClientConnectorError):
                        pass
                    except (Unavailable, aiohttp.ClientError):
                        if not repeatable:
                            raise
                    await asyncio.sleep(FIRST_WAIT_SECONDS * 2**attempt * random.uniform(0.75, 1.25))
                return await self._once(method, path, body, query, headers or {})
        except (TimeoutError, aiohttp.ClientError) as error:
            raise Unavailable(f"{self._peer}: {type(error).__name__}: {error}") from error

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
        if status >= 500 or status == 429:
            kind = _TurnedAway if "retry-after" in response.headers else Unavailable
            raise kind(f"{self._peer} answered {status}")
        raise Refused(status, answer)


class _TurnedAway(Unavailable):
    """Refused at the door with Retry-After: nothing was done, so even what is not repeatable may be sent
    again.
    """


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
        yield Client(session, base_url, seconds)
