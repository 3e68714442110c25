"""Access tokens and the link to Telegram, as the api gives them to people and to the bot.

The bot proves itself by its own credential; which user a Telegram id speaks for is decided by a one-time code that
the user asked for while logged in, never by the id alone.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from usecase_contracts.fields import ANSWER, REQUEST, Id, Utc
from usecase_contracts.users import Email, Username

Password = Annotated[SecretStr, Field(min_length=8, max_length=128)]
LinkCodeText = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class TelegramLinkCode(BaseModel):
    """Answer of `POST /api/v1/auth/telegram/link_code` (201): what the user sends to the bot, once, until then."""

    model_config = ANSWER

    code: str
    expires_at: Utc


class TelegramLinkRequest(BaseModel):
    """`POST /api/v1/auth/telegram/links`, by the bot: this chat showed that code. 404 when it is unknown, expired or
    spent.
    """

    model_config = REQUEST

    code: LinkCodeText
    telegram_id: Id


class TelegramIdentity(BaseModel):
    """`POST /api/v1/auth/telegram`, by the bot: a token for whoever linked this id. 404 when nobody did."""

    model_config = REQUEST

    telegram_id: Id


class TelegramSession(BaseModel):
    """Answer to both: a token to act for the user, valid for `expires_in` seconds. There is no refresh token: the bot
    asks again.
    """

    model_config = ANSWER

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    username: str


class Registration(BaseModel):
    """`POST /api/v1/auth/register`. A name or address that somebody has is 409."""

    model_config = REQUEST

    username: Username
    email: Email
    password: Password


class RefreshRequest(BaseModel):
    """`POST /api/v1/auth/refresh`. 401 when the token is unknown, expired or spent."""

    model_config = REQUEST

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Session(BaseModel):
    """Answer of register, login and refresh. The refresh token is good for one refresh, which gives its successor."""

    model_config = ANSWER

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    refresh_token: str
