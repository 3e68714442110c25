"""Register, log in, refresh. Open to everybody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from usecase_api.gate import AUTH
from usecase_api.routes.parameters import parts_of
from usecase_contracts.sessions import RefreshRequest, Registration, Session
from usecase_http.fastapi_problems import problems

router = APIRouter(prefix=AUTH, tags=["auth"])


def _never_stored(response: Response) -> None:
    response.headers["cache-control"] = "no-store"


NEVER_STORED = [Depends(_never_stored)]


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


@router.post("/register", status_code=201, responses=problems(409, 429), dependencies=NEVER_STORED)
async def register(request: Request, body: Registration) -> Session:
    """Become a user, and be logged in. Name and e-mail are unique without regard to case. Too many users from one
    network address have to wait.
    """
    return await parts_of(request).sessions.register(body, _address(request))


@router.post("/token", responses=problems(401, 429), dependencies=NEVER_STORED)
async def log_in(request: Request, form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Session:
    """Log in (OAuth 2 password form). Too many attempts for a name or from an address have to wait."""
    return await parts_of(request).sessions.log_in(form.username, form.password, _address(request))


@router.post("/refresh", responses=problems(401), dependencies=NEVER_STORED)
async def refresh(request: Request, body: RefreshRequest) -> Session:
    """Spend a refresh token. One that was spent before ends all that came of it: somebody has stolen it."""
    return await parts_of(request).sessions.refresh(body.refresh_token.get_secret_value())
