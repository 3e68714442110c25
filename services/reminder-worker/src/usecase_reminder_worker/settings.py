"""What env gives to the reminder worker, and nothing else."""

from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr

from usecase_messaging.consume import MAX_PROCESSING_SECONDS, MAX_TRIES
from usecase_runtime.settings import RuntimeSettings, required_unless_debug, url


class Settings(RuntimeSettings):
    """Variables of this service; the common ones are in `usecase_runtime.settings`."""

    database_service_url: HttpUrl
    rabbitmq_url: Annotated[SecretStr, url("amqp", "amqps")]
    internal_token: SecretStr | None = None
    check_interval_seconds: int = Field(default=300, ge=1, le=86_400)
    task_reminders_prefetch: int = Field(default=10, ge=1, le=65_535)
    task_reminders_max_tries: int = Field(default=MAX_TRIES, ge=1, le=1000)
    task_reminders_max_processing_seconds: int = Field(default=MAX_PROCESSING_SECONDS, ge=1, le=7200)

    _credential = required_unless_debug("internal_token")
