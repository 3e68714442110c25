"""The one form in which a service says no."""

import pytest
from fastapi import APIRouter, FastAPI, Response
from pydantic import BaseModel

from unit.services.runtime.asgi import calling
from usecase_http.direct_route import DirectRoute
from usecase_http.fastapi_problems import problems, speak_problems
from usecase_http.problem import Problem


class Credentials(BaseModel):
    name: str
    age: int


def sample_app(route_class: type = DirectRoute) -> FastAPI:
    app = FastAPI(responses=problems(422))
    speak_problems(app)
    router = APIRouter(route_class=route_class)

    @router.post("/people", status_code=201, response_model=None, responses={201: {"model": Credentials}})
    async def create(body: Credentials) -> Response:
        if body.name == "taken":
            raise Problem(409, "this name is taken", "name-taken", [{"field": "name", "message": "is taken"}])
        if body.name == "busy":
            raise Problem(503, "later", retry_after=7)
        return Response(body.model_dump_json(), 201, media_type="application/json")

    app.include_router(router)
    return app


async def test_a_problem_is_what_was_raised() -> None:
    async with calling(sample_app()) as client:
        answer = await client.post("/people", json={"name": "taken", "age": 1})
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json() == {
        "type": "urn:usecase:name-taken",
        "title": "Conflict",
        "status": 409,
        "detail": "this name is taken",
        "errors": [{"field": "name", "message": "is taken"}],
        "request_id": None,
    }


async def test_a_problem_may_say_when_to_come_back() -> None:
    async with calling(sample_app()) as client:
        answer = await client.post("/people", json={"name": "busy", "age": 1})
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("route_class", [DirectRoute, APIRouter().route_class], ids=["direct", "stock"])
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        pytest.param(b'{"name": 5, "age": "hunter2"}', ["body.name", "body.age"], id="wrong types"),
        pytest.param(b"{}", ["body.name", "body.age"], id="nothing given"),
        pytest.param(b"null", ["body"], id="null"),
    ],
)
async def test_a_body_that_does_not_fit_names_its_fields_and_repeats_nothing(
    route_class: type, body: bytes, fields: list[str]
) -> None:
    async with calling(sample_app(route_class)) as client:
        answer = await client.post("/people", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("body", [b"{", b"", b"\xff"], ids=["cut off", "empty", "not text"])
async def test_a_body_that_is_no_json_is_a_422(body: bytes) -> None:
    async with calling(sample_app()) as client:
        answer = await client.post("/people", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["title"]) == (422, Problem(422, "").members["title"])


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/people", 405)])
async def test_the_frameworks_own_refusals_are_problems_too(method: str, path: str, status: int) -> None:
    async with calling(sample_app()) as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert ("allow" in answer.headers) is (status == 405)  # RFC 9110, 15.5.6


def test_the_document_shows_problems_as_such() -> None:
    content = sample_app().openapi()["paths"]["/people"]["post"]["responses"]["422"]["content"]
    assert list(content) == ["application/problem+json"]


def test_a_direct_route_is_documented_like_any_other() -> None:
    direct, stock = sample_app(), sample_app(APIRouter().route_class)
    assert direct.openapi() == stock.openapi()


def test_a_direct_route_refuses_what_it_cannot_bind() -> None:
    router = APIRouter(route_class=DirectRoute)

    async def endpoint(body: Credentials, page: int) -> Response:
        return Response(f"{body}{page}")

    with pytest.raises(TypeError, match=r"/people: a direct route takes one pydantic body"):
        router.post("/people")(endpoint)
