"""Users, their links to Telegram and their refresh tokens, in postgres-data. Secrets leave here as hashes only."""

import re
from datetime import datetime

from pydantic import TypeAdapter

from usecase_api.store.peer import Peer
from usecase_api.tokens import digest
from usecase_contracts.users import (
    Credentials,
    LinkCode,
    RefreshToken,
    RefreshTokenRotation,
    TelegramLink,
    User,
    UserCreate,
)
from usecase_http.problem import Problem
from usecase_runtime.errors import NotFound

_USER: TypeAdapter[User] = TypeAdapter(User)
_CREDENTIALS: TypeAdapter[Credentials] = TypeAdapter(Credentials)
_USERNAME = re.compile(r"[A-Za-z0-9_-]{3,50}")


class Users:
    """What is unknown is None here; what that means to a caller, the routes say."""

    def __init__(self, postgres: Peer) -> None:
        self._postgres = postgres

    async def create(self, user: UserCreate) -> User:
        """Make a user; a Problem (409) names what somebody has already."""
        body = user.model_dump_json().encode()
        return _USER.validate_json(await self._postgres.call("POST", "/users", body, repeatable=False))

    async def credentials(self, username: str) -> Credentials | None:
        """What a login is checked against. No name that could not be registered is ever sent."""
        if not _USERNAME.fullmatch(username):
            return None
        try:
            answer = await self._postgres.call("GET", f"/users/by_username/{username}/credentials")
        except NotFound:
            return None
        return _CREDENTIALS.validate_json(answer)

    async def by_telegram(self, telegram_id: int) -> User | None:
        """Whoever linked this Telegram id."""
        try:
            return _USER.validate_json(await self._postgres.call("GET", f"/users/by_telegram/{telegram_id}"))
        except NotFound:
            return None

    async def put_link_code(self, user_id: int, code: str, expires_at: datetime) -> None:
        """Make this the one code that links a chat to the user."""
        body = LinkCode(code_hash=digest(code), expires_at=expires_at).model_dump_json().encode()
        await self._of_user(user_id, "PUT", "telegram_link_code", body)

    async def link(self, code: str, telegram_id: int) -> User | None:
        """Spend a code."""
        body = TelegramLink(code_hash=digest(code), telegram_id=telegram_id).model_dump_json().encode()
        try:
            return _USER.validate_json(await self._postgres.call("POST", "/telegram_links", body, repeatable=False))
        except NotFound:
            return None

    async def keep_refresh_token(self, user_id: int, token: str, expires_at: datetime) -> None:
        """Keep the first refresh token of a login."""
        body = RefreshToken(token_hash=digest(token), expires_at=expires_at).model_dump_json().encode()
        await self._of_user(user_id, "POST", "refresh_tokens", body)

    async def rotate(self, token: str, successor: str, expires_at: datetime) -> User | None:
        """Spend a refresh token for its successor. Our own tries are one rotation; a caller's second is a theft."""
        rotation = RefreshTokenRotation(
            token_hash=digest(token), new_token_hash=digest(successor), expires_at=expires_at
        )
        try:
            return _USER.validate_json(
                await self._postgres.call("POST", "/refresh_tokens/rotate", rotation.model_dump_json().encode())
            )
        except NotFound:
            return None

    async def _of_user(self, user_id: int, method: str, what: str, body: bytes) -> None:
        try:
            await self._postgres.call(method, f"/users/{user_id}/{what}", body)
        except NotFound:
            raise Problem(401, "the user of this access token does not exist", "token-invalid") from None
