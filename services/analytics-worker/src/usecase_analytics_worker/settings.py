"""What env gives to the analytics worker, and nothing else."""

from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from usecase_messaging.consume import MAX_PROCESSING_SECONDS, MAX_TRIES
from usecase_runtime.settings import RuntimeSettings, required_unless_debug, url

BatchSize = Annotated[int, Field(ge=1, le=1000)]
BATCH_SIZE = 100


class Settings(RuntimeSettings):
    """Variables of this service; the common ones are in `usecase_runtime.settings`."""

    analytics_service_url: HttpUrl
    rabbitmq_url: Annotated[SecretStr, url("amqp", "amqps")]
    internal_token: SecretStr | None = None
    batch_size: BatchSize | None = None
    worker_batch_size: BatchSize | None = None
    flush_interval_seconds: float = Field(default=0.1, ge=0, le=1)
    analytics_interval_seconds: int = Field(default=3600, ge=1, le=86_400)
    min_tasks_for_analysis: int = Field(default=5, ge=1, le=1000)
    task_analytics_prefetch: int = Field(default=2 * BATCH_SIZE, ge=1, le=65_535)
    task_analytics_max_tries: int = Field(default=MAX_TRIES, ge=1, le=1000)
    task_analytics_max_processing_seconds: int = Field(default=MAX_PROCESSING_SECONDS, ge=1, le=7200)

    _credential = required_unless_debug("internal_token")

    @model_validator(mode="after")
    def _one_batch_size(self) -> Self:
        if self.batch_size and self.worker_batch_size and self.batch_size != self.worker_batch_size:
            raise ValueError(
                f"BATCH_SIZE is {self.batch_size} and WORKER_BATCH_SIZE is {self.worker_batch_size}: "
                "they are two names for one number, set one"
            )
        return self

    @property
    def most_in_a_batch(self) -> int:
        """The batch size asked for; at most half of what the broker hands out, so that the next batch fills while
        one is written.
        """
        asked = self.batch_size or self.worker_batch_size or BATCH_SIZE
        return max(1, min(asked, self.task_analytics_prefetch // 2))

    @property
    def most_in_hand(self) -> int:
        """What the broker hands out at once: the batch that is written and the one that fills. More would wait in here
        while mongo-data is away, and the wait of a message counts as its try.
        """
        return min(self.task_analytics_prefetch, 2 * self.most_in_a_batch)
