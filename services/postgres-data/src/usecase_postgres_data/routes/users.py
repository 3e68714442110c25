"""Users, their Telegram links and their refresh tokens."""

from fastapi import APIRouter, Request

from usecase_contracts.users import (
    Credentials,
    LinkCode,
    RefreshToken,
    RefreshTokenRotation,
    TelegramLink,
    User,
    UserCreate,
    Username,
)
from usecase_http.fastapi_problems import problems
from usecase_postgres_data.routes.parameters import UserId, pool_of
from usecase_postgres_data.store import users

router = APIRouter(tags=["users"])


@router.post("/users", status_code=201, responses=problems(409))
async def create_user(request: Request, body: UserCreate) -> User:
    """Register. Name and address are unique without regard to case."""
    return await users.create(pool_of(request), body)


@router.get("/users/by_username/{username}", responses=problems(404))
async def user_by_name(request: Request, username: Username) -> User:
    """The user of this name."""
    return await users.find(pool_of(request), "username", username)


@router.get("/users/by_username/{username}/credentials", responses=problems(404))
async def credentials(request: Request, username: Username) -> Credentials:
    """What a login is checked against."""
    return await users.credentials(pool_of(request), username)


@router.get("/users/by_telegram/{telegram_id}", responses=problems(404))
async def user_by_telegram(request: Request, telegram_id: UserId) -> User:
    """The user who linked this Telegram id."""
    return await users.find(pool_of(request), "telegram_id", telegram_id)


@router.get("/users/{user_id}", responses=problems(404))
async def user_by_id(request: Request, user_id: UserId) -> User:
    """One user."""
    return await users.find(pool_of(request), "id", user_id)


@router.put("/users/{user_id}/telegram_link_code", status_code=204, responses=problems(404, 409))
async def put_link_code(request: Request, user_id: UserId, body: LinkCode) -> None:
    """Set the one code that links a Telegram id to the user."""
    await users.put_link_code(pool_of(request), user_id, body)


@router.post("/telegram_links", responses=problems(404))
async def link_telegram(request: Request, body: TelegramLink) -> User:
    """Spend a code."""
    return await users.link_telegram(pool_of(request), body)


@router.post("/users/{user_id}/refresh_tokens", status_code=204, responses=problems(404))
async def start_refresh_family(request: Request, user_id: UserId, body: RefreshToken) -> None:
    """Keep the first refresh token of a login."""
    await users.start_refresh_family(pool_of(request), user_id, body)


@router.post("/refresh_tokens/rotate", responses=problems(404))
async def rotate_refresh_token(request: Request, body: RefreshTokenRotation) -> User:
    """Spend a refresh token for its successor."""
    return await users.rotate_refresh_token(pool_of(request), body)
