"""The outermost layer: request ids, metrics, one line a request, problems for what nobody expected."""

import re

import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import REGISTRY

from unit.services.runtime.asgi import calling
from usecase_http.edge import edge
from usecase_http.fastapi_problems import speak_problems
from usecase_runtime import context


def sample_app() -> FastAPI:
    app = FastAPI()
    speak_problems(app)

    @app.get("/things/{thing}")
    async def thing(thing: int) -> dict[str, str | None]:
        return {"request_id": context.request_id.get(), "traceparent": context.traceparent.get()}

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("nobody thought of this")

    return app


async def test_a_request_id_is_taken_handed_on_and_given_back() -> None:
    async with calling(edge(sample_app(), "sample")) as client:
        answer = await client.get("/things/1", headers={"x-request-id": "abc-1"})
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("abc-1", "abc-1")


@pytest.mark.parametrize("sent", ["", "with blank", "x" * 129, "new\tline", 'quo"te'])
async def test_a_request_id_that_is_not_safe_to_repeat_is_replaced(sent: str) -> None:
    async with calling(edge(sample_app(), "sample")) as client:
        answer = await client.get("/things/1", headers={"x-request-id": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_the_callers_trace_goes_on() -> None:
    header = f"00-{'a' * 32}-{'b' * 16}-00"
    async with calling(edge(sample_app(), "sample")) as client:
        answer = await client.get("/things/1", headers={"traceparent": header})
    assert answer.json()["traceparent"] == header


async def test_requests_are_counted_by_route_template() -> None:
    labels = {"service": "counted", "method": "GET"}
    async with calling(edge(sample_app(), "counted")) as client:
        for path in ("/things/1", "/things/2", "/nowhere"):
            await client.get(path)
    counted = REGISTRY.get_sample_value(
        "http_requests_total", {**labels, "endpoint": "/things/{thing}", "status_code": "200"}
    )
    unmatched = REGISTRY.get_sample_value(
        "http_requests_total", {**labels, "endpoint": "unmatched", "status_code": "404"}
    )
    assert (counted, unmatched) == (2.0, 1.0)
    assert REGISTRY.get_sample_value("http_active_requests", {"service": "counted"}) == 0


async def test_an_unexpected_error_is_a_problem_and_is_logged_with_its_id() -> None:
    with structlog.testing.capture_logs() as logged:
        async with calling(edge(sample_app(), "sample")) as client:
            answer = await client.get("/broken", headers={"x-request-id": "r-9"})
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["request_id"]) == (500, 500, "r-9")
    assert "nobody thought" not in answer.text
    assert [line["event"] for line in logged] == ["request failed", "request"]
    assert logged[1]["status"] == 500
