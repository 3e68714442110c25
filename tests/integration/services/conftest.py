"""A vhost and a schema of each test's own; and the whole stack, started once a run."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from cluster.backends import Running
from integration.services.broker import Vhost
from integration.services.stack import stack as stacks
from integration.services.stack.collector import Collector, collecting
from integration.services.stack.fresh import schema
from integration.services.stack.stack import Stack
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE


@pytest.fixture
def vhost(rabbitmq: Running) -> Iterator[Vhost]:
    made = Vhost(rabbitmq, f"test-{uuid4().hex[:12]}")
    made.make((TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE, BOT_NOTIFICATIONS_QUEUE))
    yield made
    made.remove()


@pytest.fixture
async def empty_dsn(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of a schema of the test's own in the server's database, with nothing in it."""
    schema = f"test_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(f"create schema {schema}")
    await connection.close()
    yield urlsplit(postgres_dsn)._replace(query=f"search_path={schema}").geturl()
    # A new connection: the test may have killed the server in between.
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute(f"drop schema {schema} cascade")
    await connection.close()


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Gets the spans of the stack's processes."""
    with collecting() as made:
        yield made


@pytest.fixture(scope="session")
def whole_stack(
    rabbitmq: Running,
    postgres: Running,
    redis: Running,
    mongodb: Running,
    collector: Collector,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The six services, started once a run, on databases of their own and the broker's vhost `/`."""
    name = f"stack_{uuid4().hex[:8]}"
    stores = {
        "postgres": asyncio.run(schema(postgres.uri, name)),
        "redis": redis.uri,
        "mongodb": urlsplit(mongodb.uri)._replace(path=f"/{name}").geturl(),
    }
    # Only traces that a caller has sampled; sent at once.
    traces = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_TRACES_SAMPLER_ARG": "0",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    backends = {each.backend: each for each in (rabbitmq, postgres, redis, mongodb)}
    with stacks.running(backends, stores, Path(tmp_path_factory.mktemp("stack")), traces) as made:
        yield made


@pytest.fixture
def stack(whole_stack: Stack) -> Stack:
    """All of it, ready, whatever the test before did to it."""
    whole_stack.mend()
    return whole_stack
