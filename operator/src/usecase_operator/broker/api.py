"""One broker's management API: requests, and every failure told as `Retry` with the reason a person needs.

Asks *guard* before each write: the broker has no fencing, so a process that lost its Lease must not write.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from usecase_operator import metrics, reasons
from usecase_operator.broker.connection import Connection
from usecase_operator.errors import Retry

# A write must be over before another process may take the Lease; a whole read of a big broker takes longer.
WRITE_SECONDS = 4.5
READ_SECONDS = 9.0
# RabbitMQ ends a connection after 5 idle seconds (Cowboy's request_timeout); what is sent just then gets no answer.
KEPT_SECONDS = 2.0
# A request that came too slowly, and one too many: whoever stands before the broker says so (RFC 9110, RFC 6585).
PASSING = (408, 429)
# Somebody has to act; asking every few seconds would only fill the broker's log.
ACT_SECONDS = 20.0


class NoAnswer(Retry):
    """A request was taken and not answered in time. What it was about may be at fault, and not the broker."""


class Api:
    def __init__(self, connection: Connection, guard: Callable[[], None]) -> None:
        self.connection = connection
        self._guard = guard
        self._refusals = 0
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=8, ssl=connection.ssl_context(), keepalive_timeout=KEPT_SECONDS),
            headers={"Authorization": aiohttp.encode_basic_auth(connection.username, connection.password)},
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str) -> Any:
        return await self._request("GET", path, None, READ_SECONDS)

    async def put(self, path: str, body: Any) -> Any:
        return await self._write("PUT", path, body)

    async def post(self, path: str, body: Any) -> Any:
        return await self._write("POST", path, body)

    async def delete(self, path: str) -> None:
        """Deleting what is gone already is success."""
        await self._write("DELETE", path, None)

    async def _write(self, method: str, path: str, body: Any) -> Any:
        self._guard()
        return await self._request(method, path, body, WRITE_SECONDS)

    async def _request(self, method: str, path: str, body: Any, seconds: float) -> Any:
        url = URL(f"{self.connection.management}/api/{path}", encoded=True)
        data = None if body is None else orjson.dumps(body)
        started, code = time.monotonic(), "none"
        try:
            async with self._session.request(
                method,
                url,
                data=data,
                headers={"Content-Type": "application/json"},
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                code = str(response.status)
                raw = await response.read()
                self._refusals = 0
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise await self._unreachable(error) from error
            where = self.connection.management
            said = f"RabbitMQ at {where} did not answer {method} {path} within {seconds:g} s; trying again"
            raise NoAnswer(reasons.BROKER_UNREACHABLE, said) from error
        except (aiohttp.ClientError, OSError) as error:
            raise await self._unreachable(error) from error
        finally:
            metrics.BROKER_REQUESTS.labels(method, code).observe(time.monotonic() - started)
        if response.status == 404 and method == "DELETE":
            return None
        if response.status >= 400:
            raise self._refused(method, path, response.status, raw)
        try:
            return orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError as error:
            where = self.connection.management
            raise Retry(
                reasons.MANAGEMENT_PLUGIN_MISSING,
                f"{where} answers {path}, but not with JSON: check managementUri in the connection Secret",
                after=ACT_SECONDS,
            ) from error

    def _refused(self, method: str, path: str, status: int, raw: bytes) -> Retry:
        """The broker answered, and said no."""
        where, user = self.connection.management, self.connection.username
        said = _reason(raw)
        if status in (401, 403):
            return Retry(
                reasons.AUTHENTICATION_FAILED,
                f"RabbitMQ at {where} refuses user {user} ({said}): the connection Secret needs a user with the "
                "tag administrator and its right password",
                after=ACT_SECONDS,
            )
        if status == 404 and path == "definitions":
            return Retry(
                reasons.MANAGEMENT_PLUGIN_MISSING,
                f"{where} answers, but not as RabbitMQ's management API: enable the plugin rabbitmq_management "
                "and check managementUri in the connection Secret",
                after=ACT_SECONDS,
            )
        if status >= 500 or status in PASSING:
            return Retry(reasons.BROKER_UNREACHABLE, f"RabbitMQ at {where} answers {status} ({said}); trying again")
        return Retry(reasons.PRECONDITION_FAILED, f"RabbitMQ refuses {method} {path}: {said}", after=ACT_SECONDS)

    async def _unreachable(self, error: Exception) -> Retry:
        """No answer: tell a broker that is down from one that has no management API, or none that we trust.

        One node of several that is away for a moment takes no connection either: the second time in a row is believed.
        """
        connection = self.connection
        why = str(error) or type(error).__name__
        if isinstance(error, aiohttp.ClientSSLError):
            return Retry(
                reasons.CERTIFICATE_NOT_TRUSTED,
                f"no TLS connection to {connection.management} ({why}): its certificate must be valid for that name, "
                "and its authority be known here or stand in the key ca.crt of the connection Secret",
                after=ACT_SECONDS,
            )
        refused = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
        self._refusals = self._refusals + 1 if refused else 0
        if self._refusals > 1 and await _listens(connection.amqp_host, connection.amqp_port):
            return Retry(
                reasons.MANAGEMENT_PLUGIN_MISSING,
                f"{connection.amqp_host}:{connection.amqp_port} answers, {connection.management} does not ({why}): "
                "enable RabbitMQ's plugin rabbitmq_management, or correct managementUri in the connection Secret",
            )
        return Retry(
            reasons.BROKER_UNREACHABLE,
            f"RabbitMQ at {connection.management} does not answer ({why}); running pods are left alone",
        )


def segment(name: str) -> str:
    """*name* as one segment of a path."""
    return quote(name, safe="")


def _reason(raw: bytes) -> str:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw[:200].decode(errors="replace")
    return str(body.get("reason", body)) if isinstance(body, dict) else str(body)


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
