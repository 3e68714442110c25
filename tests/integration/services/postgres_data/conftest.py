"""A migrated database of each test's own, and a pool on it."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from usecase_contracts.users import UserCreate
from usecase_postgres_data import migrations
from usecase_postgres_data.database import Pool, open_pool
from usecase_postgres_data.store import users


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


@pytest.fixture
async def dsn(empty_dsn: str) -> str:
    """The same, migrated."""
    await migrations.migrate(empty_dsn)
    return empty_dsn


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    made = await open_pool(dsn, 5)
    yield made
    await made.close()


@pytest.fixture
async def owner(pool: Pool) -> int:
    """The id of a user."""
    user = await users.create(pool, UserCreate(username="owner", email="owner@example.com", hashed_password="$x"))
    return user.id
