"""Users as postgres-data keeps them, and the secrets of theirs that only the api may ask for.

Passwords arrive hashed (argon2, by the api); tokens and codes as SHA-256.
"""

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from usecase_contracts.fields import ANSWER, REQUEST, Id, Sha256, Utc

Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{3,50}$")]
Email = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")]
HashedPassword = Annotated[str, StringConstraints(max_length=255, pattern=r"^\$[\x21-\x7e]+$")]


class UserCreate(BaseModel):
    """`POST /users`. Name and address are unique without regard to case (409 names the field)."""

    model_config = REQUEST

    username: Username
    email: Email
    hashed_password: HashedPassword


class User(BaseModel):
    model_config = ANSWER

    id: Id
    username: str
    email: str
    telegram_id: Id | None
    created_at: Utc


class Credentials(BaseModel):
    """`GET /users/by_username/{username}/credentials`: what a login is checked against."""

    model_config = ANSWER

    user: User
    hashed_password: str


class LinkCode(BaseModel):
    """`PUT /users/{user_id}/telegram_link_code`: the one code that links a Telegram id; a new one replaces
    the old.
    """

    model_config = REQUEST

    code_hash: Sha256
    expires_at: Utc


class TelegramLink(BaseModel):
    """`POST /telegram_links`: spend a code (once, 404 afterwards). A Telegram id linked to somebody else
    moves over.
    """

    model_config = REQUEST

    code_hash: Sha256
    telegram_id: Id


class RefreshToken(BaseModel):
    """`POST /users/{user_id}/refresh_tokens`: start a family of refresh tokens (a login)."""

    model_config = REQUEST

    token_hash: Sha256
    expires_at: Utc


class RefreshTokenRotation(BaseModel):
    """`POST /refresh_tokens/rotate`: spend one token for the next of its family.

    404 when it is unknown, expired or spent. A spent token that shows up again for another successor was
    stolen: its whole family is revoked. The same rotation again (a retry) gives the same answer.
    """

    model_config = REQUEST

    token_hash: Sha256
    new_token_hash: Sha256
    expires_at: Utc
