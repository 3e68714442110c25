"""What env gives to the bot, and nothing else."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, HttpUrl, SecretStr
from pydantic.functional_validators import AfterValidator
from pydantic_settings import NoDecode

from usecase_bot.files import DEFAULT_TYPES
from usecase_messaging.consume import MAX_PROCESSING_SECONDS, MAX_TRIES
from usecase_runtime.settings import RuntimeSettings, required_unless_debug, url


def _token(value: SecretStr) -> SecretStr:
    """The form of a token. It is checked without aiogram: a process that will not start should say so at once."""
    number, _, secret = value.get_secret_value().partition(":")
    if not value.get_secret_value():
        raise ValueError("is not set: @BotFather gives one to every bot (https://core.telegram.org/bots#botfather)")
    if not number.isdecimal() or not secret or any(letter.isspace() for letter in secret):
        raise ValueError("is no Telegram bot token: it looks like 123456789:AA…, as @BotFather wrote it")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise ValueError(f"{value!r} is no time zone: take a name such as Europe/Berlin") from None
    return value


def _words(value: object) -> object:
    return [word.strip().lower() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


class Settings(RuntimeSettings):
    """Variables of this service; the common ones are in `usecase_runtime.settings`."""

    bot_token: Annotated[SecretStr, Field(validate_default=True), AfterValidator(_token)] = SecretStr("")
    bot_username: str | None = None
    bot_credential: SecretStr | None = None
    bot_api_server: HttpUrl = HttpUrl("https://api.telegram.org")
    bot_timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    api_service_url: HttpUrl
    rabbitmq_url: Annotated[SecretStr, url("amqp", "amqps")]
    bot_notifications_prefetch: int = Field(default=10, ge=1, le=65_535)
    bot_notifications_max_tries: int = Field(default=MAX_TRIES, ge=1, le=1000)
    bot_notifications_max_processing_seconds: int = Field(default=MAX_PROCESSING_SECONDS, ge=1, le=7200)
    max_file_size: int = Field(default=10 * 1024 * 1024, ge=1, le=2**31)
    allowed_file_types: Annotated[frozenset[str], NoDecode, BeforeValidator(_words)] = DEFAULT_TYPES

    _credential = required_unless_debug("bot_credential")
