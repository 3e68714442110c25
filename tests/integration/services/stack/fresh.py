"""A place of one's own in a database server that others use too."""

from urllib.parse import urlsplit

import asyncpg


async def schema(dsn: str, name: str) -> str:
    """The address of a new, empty schema in a PostgreSQL database."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"create schema {name}")
    finally:
        await connection.close()
    return urlsplit(dsn)._replace(query=f"search_path={name}").geturl()
