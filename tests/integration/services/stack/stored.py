"""What the two databases hold in the end, read past every service: the tests' own view."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

import asyncpg
from pymongo import MongoClient


class Databases(Protocol):
    """Where they are: those of the processes of this run, or of a deployed stack."""

    @property
    def dsn(self) -> str: ...
    @property
    def mongodb_url(self) -> str: ...


_TASKS = """
select id, title, status from tasks where user_id = any($1::bigint[]) and status not in ('failed', 'deleted')"""
_REMINDERS = """
select task_id, kind, count(*) as times from reminders where user_id = any($1::bigint[]) group by task_id, kind"""


async def tasks(databases: Databases, users: Sequence[int]) -> list[tuple[int, str, str]]:
    """Id, title and stored status of every task that these users can see."""
    return [(row["id"], row["title"], row["status"]) for row in await _query(databases, _TASKS, users)]


async def reminders(databases: Databases, users: Sequence[int]) -> dict[int, dict[str, int]]:
    """Task → kind of reminder → how many."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await _query(databases, _REMINDERS, users):
        found[row["task_id"]][row["kind"]] = row["times"]
    return found


def actions(databases: Databases, users: Sequence[int]) -> dict[int, list[str]]:
    """Task → what analytics know to have happened to it."""
    found: dict[int, list[str]] = defaultdict(list)
    with MongoClient[dict[str, Any]](databases.mongodb_url) as client:
        for record in client.get_default_database().task_analytics.find({"user_id": {"$in": list(users)}}):
            found[record["task_id"]].append(record["action"])
    return found


async def _query(databases: Databases, query: str, users: Sequence[int]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(databases.dsn, timeout=10)
    try:
        found: list[asyncpg.Record] = await connection.fetch(query, list(users))
        return found
    finally:
        await connection.close()
