"""Parameters that several routes share."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from usecase_contracts.fields import PathId
from usecase_postgres_data.database import Pool

Owner = Annotated[PathId | None, Query(alias="user_id", description="Who asks: a task of anybody else is not found.")]
TaskId = Annotated[PathId, Path(description="Id of a task.")]
UserId = Annotated[PathId, Path(description="Id of a user.")]


def pool_of(request: Request) -> Pool:
    """The pool that `app.build` was given."""
    pool: Pool = request.app.state.pool
    return pool


def json(body: bytes, status: int = 200) -> Response:
    """JSON that PostgreSQL wrote, passed on as it is."""
    return Response(body, status, media_type="application/json")
