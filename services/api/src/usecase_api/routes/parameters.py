"""What several routes share: their parameters, what they are documented with, and what they work on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.security import OAuth2PasswordBearer

from usecase_api.gate import AUTH
from usecase_api.sessions import Sessions
from usecase_api.store.analytics import Analytics
from usecase_api.store.tasks import Tasks
from usecase_contracts.fields import PathId

TaskId = Annotated[PathId, Path(description="Id of a task of yours.")]
DOCUMENTED_TOKEN = [Depends(OAuth2PasswordBearer(f"{AUTH}/token", scheme_name="access_token", auto_error=False))]
"""For the OpenAPI document alone: `gate` checks the token before any route is looked for."""


@dataclass(frozen=True)
class Parts:
    """What the routes work on, put together by `main`."""

    tasks: Tasks
    analytics: Analytics
    sessions: Sessions
    max_tasks_per_page: int


def parts_of(request: Request) -> Parts:
    """The parts that `app.build` was given."""
    parts: Parts = request.app.state.parts
    return parts


def json(body: bytes, status: int = 200) -> Response:
    """JSON that a data service wrote, passed on as it is."""
    return Response(body, status, media_type="application/json")
