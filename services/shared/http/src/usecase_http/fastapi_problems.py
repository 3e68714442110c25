"""Makes a FastAPI app speak in problems, also where FastAPI itself refuses, and say so in its OpenAPI document."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from usecase_http.problem import Problem

ANY_ROUTE = (400, 408, 411, 413, 422, 503)
"""What any route behind `limited` may answer to a request that makes no sense, comes too slowly or finds no room."""


class ProblemBody(BaseModel):
    """The form of a problem, for OpenAPI documents."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    request_id: str | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an app or a route that may answer with these statuses."""
    return {status: {"model": ProblemBody, "description": "A problem (RFC 9457)"} for status in statuses}


async def _answer(_request: Request, error: Exception) -> Response:
    match error:
        case Problem():
            problem = error
        case RequestValidationError():
            # What was sent is not repeated: it may be a secret.
            errors = [
                {"field": ".".join(map(str, one["loc"])), "message": one["msg"].removeprefix("Value error, ")}
                for one in error.errors()
            ]
            problem = Problem(422, "the request does not fit its schema", errors=errors)
        case HTTPException():
            problem = Problem(error.status_code, error.detail)
            problem.headers |= {
                name.lower(): value for name, value in (error.headers or {}).items()
            }  # `allow` of a 405
        case _:
            problem = Problem(500, "an unexpected error; the log names it by this request id")
    return _response(problem)


def _response(problem: Problem) -> Response:
    return Response(problem.body(), problem.status, problem.headers)


def answer_with(app: FastAPI, kind: type[Exception], problem_of: Callable[[Exception], Problem]) -> None:
    """Let `app` answer an error of this kind, wherever a route meets it, with the problem that is made of it."""

    async def handler(_request: Request, error: Exception) -> Response:
        return _response(problem_of(error))

    app.exception_handler(kind)(handler)


def speak_problems(app: FastAPI) -> None:
    """Install the handlers. An unexpected error goes on to `edge`, which logs it."""
    for kind in (Problem, RequestValidationError, HTTPException, Exception):
        app.exception_handler(kind)(_answer)
    generate = app.openapi

    def document() -> dict[str, Any]:
        made = generate()
        operations = [each for path in made["paths"].values() for each in path.values()]
        for responses in (operation["responses"] for operation in operations):
            for status, response in responses.items():
                content = response.get("content", {})
                if status >= "400" and "application/json" in content:
                    content["application/problem+json"] = content.pop("application/json")
        return made

    app.openapi = document  # type: ignore[method-assign]
