"""What env gives to the api, and nothing else."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, HttpUrl, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from usecase_runtime.settings import RuntimeSettings, required_unless_debug, url

SHORTEST_KEY = 32
EVERYBODY = "*"


def _comma_separated(value: object) -> object:
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


class Settings(RuntimeSettings):
    """Variables of this service; the common ones are in `usecase_runtime.settings`."""

    database_service_url: HttpUrl
    analytics_service_url: HttpUrl
    redis_url: Annotated[SecretStr, url("redis", "rediss")]
    secret_key: SecretStr | None = None
    internal_token: SecretStr | None = None
    bot_credential: SecretStr | None = None
    port: int = Field(default=8000, ge=0, le=65535)
    max_concurrent_requests: int = Field(default=50, ge=1, le=10_000)
    max_tasks_per_page: int = Field(default=50, ge=1, le=1000)
    access_token_expire_minutes: int = Field(default=30, ge=1, le=1440)
    refresh_token_expire_days: int = Field(default=30, ge=1, le=365)
    login_attempts_per_name: int = Field(default=10, ge=1, le=10_000)
    login_attempts_per_address: int = Field(default=200, ge=1, le=1_000_000)
    registrations_per_address: int = Field(default=1000, ge=1, le=1_000_000)
    login_window_seconds: int = Field(default=300, ge=1, le=86_400)
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_comma_separated)] = ()
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)] = ()

    @field_validator("allowed_hosts")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            parts = urlsplit(each)
            if each != EVERYBODY and (
                parts.scheme not in ("http", "https") or each != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(f"{each!r} is neither * nor an origin such as https://tasks.example.com")
        if EVERYBODY in value and len(value) > 1:
            raise ValueError("* stands for every origin: leave the others out")
        return value

    _credentials = required_unless_debug("secret_key", "internal_token", "bot_credential")

    @model_validator(mode="after")
    def _good_key(self) -> Self:
        if not self.debug and self.secret_key and len(self.secret_key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"SECRET_KEY signs every login: give it {SHORTEST_KEY} random characters or more")
        return self
