"""A migrated database of each test's own, and a pool on it."""

from collections.abc import AsyncIterator

import pytest

from usecase_contracts.users import UserCreate
from usecase_postgres_data import migrations
from usecase_postgres_data.database import Pool, open_pool
from usecase_postgres_data.store import users


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
