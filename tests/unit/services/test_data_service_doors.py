"""No route of a data service works without the internal credential, whatever else is asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from unit.services.runtime.asgi import calling
from usecase_mongo_data import app as mongo_app
from usecase_mongo_data.settings import Settings as MongoSettings
from usecase_postgres_data import app as postgres_app
from usecase_postgres_data.settings import Settings as PostgresSettings
from usecase_runtime.server import App

POSTGRES = {"database_url": "postgresql://nowhere", "rabbitmq_url": "amqp://nowhere"}
MONGO = {"mongodb_url": "mongodb://nowhere/nothing"}


def bare(service: str) -> FastAPI:
    return postgres_app.build(None, 50) if service == "postgres-data" else mongo_app.build(None)


def guarded(service: str, **settings: Any) -> App:
    if service == "postgres-data":
        return postgres_app.serve(bare(service), PostgresSettings(**POSTGRES | settings))  # type: ignore[arg-type]
    return mongo_app.serve(bare(service), MongoSettings(**MONGO | settings))  # type: ignore[arg-type]


def routes() -> Iterator[Any]:
    """Every method and path of both OpenAPI documents, ids filled in."""
    for service in ("postgres-data", "mongo-data"):
        for path, operations in bare(service).openapi()["paths"].items():
            for method in operations:
                if path != "/health":
                    filled = path.replace("{transaction_id}", "7b0b6ad4-6f0e-4f0a-9a3e-000000000001")
                    filled = filled.replace("{username}", "somebody")
                    for name in ("task_id", "user_id", "telegram_id"):
                        filled = filled.replace(f"{{{name}}}", "1")
                    yield pytest.param(service, method.upper(), filled, id=f"{service} {method} {path}")


@pytest.mark.parametrize(("service", "method", "path"), list(routes()))
@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Bearer "], ids=["none", "wrong", "empty"])
async def test_a_route_without_the_credential_is_401(
    service: str, method: str, path: str, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    async with calling(guarded(service, internal_token="right")) as client:
        answer = await client.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("service", ["postgres-data", "mongo-data"])
async def test_health_is_open_and_the_documentation_is_not(service: str) -> None:
    async with calling(guarded(service, internal_token="right")) as client:
        health = await client.get("/health")
        assert (health.status_code, health.json()) == (200, {"status": "healthy", "service": service})
        assert (await client.get("/docs")).status_code == 401
        assert (await client.get("/openapi.json")).status_code == 401


@pytest.mark.parametrize("service", ["postgres-data", "mongo-data"])
async def test_development_may_do_without(service: str) -> None:
    async with calling(guarded(service, debug=True)) as client:
        assert (await client.get("/docs")).status_code == 200


@pytest.mark.parametrize(("settings", "needed"), [(PostgresSettings, POSTGRES), (MongoSettings, MONGO)])
def test_nobody_starts_open_by_mistake(settings: Any, needed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="INTERNAL_TOKEN is not set"):
        settings(**needed)
