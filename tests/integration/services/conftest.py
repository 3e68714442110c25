"""What each test of services has of its own: a vhost with the topology of the use case, a schema in PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from cluster.backends import Running
from integration.services.broker import Vhost
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
