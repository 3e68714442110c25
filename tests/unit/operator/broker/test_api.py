"""What is told of a management API that nobody gets an answer from."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme
from aiohttp import web

from usecase_operator import reasons
from usecase_operator.broker.api import Api
from usecase_operator.broker.connection import Connection
from usecase_operator.errors import Retry


@asynccontextmanager
async def listening(certificate: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that answers every question with an empty object."""

    async def serve(_: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def asking(management: str, amqp_port: int, ca: str | None = None) -> AsyncIterator[Api]:
    api = Api(Connection(management, "127.0.0.1", amqp_port, "u", "p", ca), guard=lambda: None)
    yield api
    await api.close()


async def refused(api: Api) -> Retry:
    with pytest.raises(Retry) as failed:
        await api.get("definitions")
    return failed.value


async def test_a_certificate_that_nobody_vouches_for_is_told_as_that() -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with listening(context) as port:
        async with asking(f"https://127.0.0.1:{port}", port) as api:
            told = await refused(api)
        assert told.reason == reasons.CERTIFICATE_NOT_TRUSTED
        assert "ca.crt" in told.message
        async with asking(f"https://127.0.0.1:{port}", port, authority.cert_pem.bytes().decode()) as api:
            assert await api.get("definitions") == {}


async def test_a_missing_plugin_is_believed_at_the_second_refusal_in_a_row() -> None:
    """A node of several that starts again refuses a connection, while another one answers AMQP."""
    async with listening() as port, asking("http://127.0.0.1:1", port) as api:
        first, second = await refused(api), await refused(api)
    assert (first.reason, second.reason) == (reasons.BROKER_UNREACHABLE, reasons.MANAGEMENT_PLUGIN_MISSING)
