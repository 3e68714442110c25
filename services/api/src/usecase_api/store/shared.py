"""Redis, as far as it answers: what all replicas of the api share, and none of them needs.

Commands that wait together share a round trip. Silence is an answer (None) and costs at most a quarter of a second
once every two seconds, whoever asks.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from usecase_api.breaker import Breaker, CircuitOpen
from usecase_runtime.coalesce import Coalescer

PATIENCE_SECONDS = 0.25
MOST_TOGETHER = 128

Command = tuple[str | bytes | int, ...]


class Shared:
    """Runs commands. Made by `open_shared`."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._breaker = Breaker("redis", RedisError, OSError, failures=1)
        self._batches: Coalescer[tuple[Command, ...], list[Any]] = Coalescer(self._send, MOST_TOGETHER)

    async def run(self, *commands: Command) -> list[Any] | None:
        """The answers to these commands, in order; None if Redis did not say, and then it may have done them."""
        try:
            with self._breaker.around():
                return await self._batches.add(commands)
        except (CircuitOpen, RedisError, OSError):
            return None

    async def _send(self, batch: list[tuple[Command, ...]]) -> list[list[Any] | Exception]:
        pipeline = self._redis.pipeline(transaction=False)
        for commands in batch:
            for command in commands:
                pipeline.execute_command(*command)
        answers = iter(await pipeline.execute(raise_on_error=False))
        each = [[next(answers) for _ in commands] for commands in batch]
        return [next((one for one in mine if isinstance(one, RedisError)), mine) for mine in each]


@asynccontextmanager
async def open_shared(url: str) -> AsyncIterator[Shared]:
    """Connects when it is first needed, and again after each loss."""
    redis = Redis.from_url(
        url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        client_name="api",
    )
    try:
        yield Shared(redis)
    finally:
        await redis.aclose()
