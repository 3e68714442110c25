"""Nothing of the api can be reached by somebody who may not: paths are closed unless they are named."""

from collections.abc import Iterator
from typing import Any

import pytest

from unit.services.api.forged import BAD_TOKENS, KEY
from unit.services.runtime.asgi import calling
from usecase_api.app import build, serve
from usecase_api.gate import BOT_PATHS, OPEN_PATHS
from usecase_api.settings import Settings
from usecase_api.tokens import AccessTokens
from usecase_runtime.server import App

ADDRESSES: dict[str, Any] = {
    "database_service_url": "http://127.0.0.1:1",
    "analytics_service_url": "http://127.0.0.1:1",
    "redis_url": "redis://127.0.0.1:1",
}
SECRETS = {"secret_key": KEY, "internal_token": "internal", "bot_credential": "of-the-bot"}
TOKENS = AccessTokens(KEY, 600)


def api(**settings: Any) -> App:
    return serve(build(None), TOKENS, Settings(**ADDRESSES | SECRETS | settings))


def bearer(token: str) -> dict[bytes, bytes]:
    return {b"authorization": f"Bearer {token}".encode("latin-1", "replace")}


def operations() -> Iterator[Any]:
    """Every method and path of the OpenAPI document, ids filled in."""
    for path, described in build(None).openapi()["paths"].items():
        for method in described:
            yield pytest.param(method.upper(), path.replace("{task_id}", "1"), id=f"{method} {path}")


CLOSED = [each for each in operations() if each.values[1] not in OPEN_PATHS]


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic dXNlcjpwdw==", "Bearer internal", "Token x"],
)
async def test_a_closed_path_without_a_good_credential_is_401(
    method: str, path: str, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization is not None else {}
    async with calling(api()) as client:
        answer = await client.request(method, path, headers=headers, json={})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", BAD_TOKENS)
async def test_a_forged_or_stale_token_is_401(token: str) -> None:
    async with calling(api()) as client:
        answer = await client.get("/api/v1/tasks/nothing", headers=bearer(token))
    assert answer.status_code == 401
    assert token not in answer.text or len(token) < 10


async def test_a_good_token_passes() -> None:
    async with calling(api()) as client:
        for scheme in (b"Bearer", b"bearer"):
            headers = {b"authorization": scheme + b" " + TOKENS.issue(1).encode()}
            assert (await client.get("/api/v1/tasks/nothing", headers=headers)).status_code == 422


@pytest.mark.parametrize("path", sorted(BOT_PATHS))
async def test_the_bots_paths_take_the_bots_credential_alone(path: str) -> None:
    async with calling(api()) as client:
        assert (await client.post(path, json={}, headers=bearer(TOKENS.issue(1)))).status_code == 401
        assert (await client.post(path, json={}, headers=bearer("of-the-bot"))).status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/tasks/1", "/api/v1/tasks/stats"])
async def test_the_bots_credential_is_no_users_token(path: str) -> None:
    async with calling(api()) as client:
        assert (await client.get(path, headers=bearer("of-the-bot"))).status_code == 401
        assert (await client.post("/api/v1/auth/telegram/link_code", headers=bearer("of-the-bot"))).status_code == 401


@pytest.mark.parametrize(
    "path", ["/", "/api/v1", "/metrics", "/api/v1/tasks/", "/api/v1/auth/token/", "//health", "/Health", "/docs/x"]
)
async def test_a_path_that_nobody_named_is_closed(path: str) -> None:
    async with calling(api()) as client:
        assert (await client.get(path)).status_code == 401


async def test_health_and_documentation_are_open() -> None:
    async with calling(api()) as client:
        health = await client.get("/health")
        assert (health.status_code, health.json()) == (200, {"status": "healthy", "service": "task_management_api"})
        assert (await client.get("/docs")).status_code == 200
        document = (await client.get("/openapi.json")).json()
    assert "/api/v1/tasks/{task_id}" in document["paths"]


async def test_development_may_do_without_the_bots_credential() -> None:
    async with calling(api(debug=True, bot_credential=None)) as client:
        assert (await client.post("/api/v1/auth/telegram", json={})).status_code == 422
        assert (await client.get("/api/v1/tasks")).status_code == 401


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        pytest.param((), "https://a.example", None, id="none by default"),
        pytest.param(("https://a.example",), "https://a.example", "https://a.example", id="a named one"),
        pytest.param(("https://a.example",), "https://evil.example", None, id="another one"),
        pytest.param(("*",), "https://evil.example", "*", id="everybody"),
    ],
)
async def test_a_browser_is_told_who_may_call_and_never_sends_credentials(
    origins: tuple[str, ...], origin: str, allowed: str | None
) -> None:
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    async with calling(api(allowed_hosts=origins)) as client:
        preflight = await client.options("/api/v1/tasks", headers=asked)
        refused = await client.get("/api/v1/tasks", headers={"origin": origin})
    assert preflight.headers.get("access-control-allow-origin") == allowed
    assert refused.status_code == 401
    assert refused.headers.get("access-control-allow-origin") == allowed
    assert "access-control-allow-credentials" not in {*preflight.headers, *refused.headers}


async def test_an_answer_repeats_the_request_id() -> None:
    async with calling(api()) as client:
        assert (await client.get("/health", headers={"x-request-id": "r-7"})).headers["x-request-id"] == "r-7"
        assert len((await client.get("/api/v1/tasks")).headers["x-request-id"]) == 32


async def test_a_body_too_large_is_not_read() -> None:
    async with calling(api()) as client:
        answer = await client.post("/api/v1/auth/register", content=b"x" * 70_000)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
