"""What PostgreSQL may say that is no fault of a request is a 503 to whoever asked."""

import asyncpg
import pytest
from fastapi import FastAPI

from unit.services.runtime.asgi import calling
from usecase_postgres_data.app import build


def failing(error: Exception) -> FastAPI:
    app = build(None, 100)

    @app.get("/fails")
    async def fails() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(asyncpg.InvalidPasswordError("password authentication failed"), id="another password"),
        pytest.param(asyncpg.AdminShutdownError("terminating connection"), id="it goes"),
        pytest.param(OSError("refused"), id="it is away"),
    ],
)
async def test_an_outage_is_a_503(error: Exception) -> None:
    async with calling(failing(error)) as client:
        answer = await client.get("/fails")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:usecase:database-unavailable")
