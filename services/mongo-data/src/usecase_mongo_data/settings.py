"""What env gives to mongo-data, and nothing else."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from usecase_runtime.settings import RuntimeSettings, required_unless_debug, url


def _names_database(value: SecretStr) -> SecretStr:
    address = value.get_secret_value().partition("://")[2]
    if not address.partition("/")[2].partition("?")[0]:
        raise ValueError("names no database: put it behind the host, as in mongodb://host/task_analytics_db")
    return value


class Settings(RuntimeSettings):
    """Variables of this service; the common ones are in `usecase_runtime.settings`."""

    mongodb_url: Annotated[SecretStr, url("mongodb", "mongodb+srv"), AfterValidator(_names_database)]
    internal_token: SecretStr | None = None
    port: int = Field(default=8002, ge=0, le=65535)
    connection_pool_size: int = Field(default=20, ge=1, le=200)
    max_concurrent_requests: int = Field(default=50, ge=1, le=10_000)
    retention_days: int = Field(default=365, ge=1, le=36_500)

    _credential = required_unless_debug("internal_token")
