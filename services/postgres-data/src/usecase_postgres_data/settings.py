"""What env gives to postgres-data, and nothing else."""

from typing import Annotated

from pydantic import Field, SecretStr

from usecase_runtime.settings import RuntimeSettings, required_unless_debug, url


class Settings(RuntimeSettings):
    """Variables of this service; the common ones are in `usecase_runtime.settings`."""

    database_url: Annotated[SecretStr, url("postgresql", "postgres")]
    rabbitmq_url: Annotated[SecretStr, url("amqp", "amqps")]
    internal_token: SecretStr | None = None
    port: int = Field(default=8001, ge=0, le=65535)
    connection_pool_size: int = Field(default=20, ge=1, le=200)
    max_concurrent_requests: int = Field(default=50, ge=1, le=10_000)
    max_tasks_per_page: int = Field(default=50, ge=1, le=1000)

    _credential = required_unless_debug("internal_token")
