"""Brings the database's schema to head, once, however many replicas start (decision 0010).

dbmate runs the plain SQL files beside this module; an advisory lock makes replicas take turns, and whoever
finds the schema at head does nothing.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
import structlog

from usecase_postgres_data.database import OUTAGE, Connection, Pool, Queryable, connect

FOLDER = Path(__file__).parent / "migrations"
# Variables of libpq and OpenSSL that asyncpg and dbmate's driver both read.
TRUST = ("PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "SSL_CERT_FILE", "SSL_CERT_DIR")
CHECKED = ("verify-ca", "verify-full")
ADVISORY_LOCK = 0x75736563617365  # "usecase"
_log = structlog.get_logger()


def known() -> set[str]:
    """Versions of the migrations that this build carries: the digits that their files begin with."""
    return {file.name.split("_", 1)[0] for file in FOLDER.glob("*.sql")}


async def pending(connection: Queryable) -> set[str]:
    """Versions this build carries and the database does not have. A database that is ahead has nothing
    pending.
    """
    try:
        rows = await connection.fetch("select version from schema_migrations")
    except asyncpg.UndefinedTableError:
        return known()
    return known() - {row["version"] for row in rows}


async def require_head(pool: Pool) -> None:
    """The readiness probe: PostgreSQL answers and nothing is pending. Raises otherwise."""
    if missing := await pending(pool):
        raise RuntimeError(f"migrations not applied: {', '.join(sorted(missing))}")


async def migrate(dsn: str) -> None:
    """Apply what is pending; waits for PostgreSQL and for a replica that does the same.

    Raises RuntimeError with dbmate's words when a migration fails: that is a mistake of this build, not an
    outage.
    """
    while True:
        try:
            connection = await connect(dsn)
            try:
                return await _migrate_alone(connection, dsn)
            finally:
                await connection.close()
        except OUTAGE as error:
            _log.warning("migrations wait for PostgreSQL", reason=f"{type(error).__name__}: {error}")
        await asyncio.sleep(0.5)


async def _migrate_alone(connection: Connection, dsn: str) -> None:
    await connection.execute("select pg_advisory_lock($1)", ADVISORY_LOCK)
    if not (missing := await pending(connection)):
        return
    _log.info("applying migrations", versions=sorted(missing))
    encrypted = await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    process = await asyncio.create_subprocess_exec(
        *(dbmate(), "--migrations-dir", str(FOLDER), "--no-dump-schema", "migrate"),
        env={"DATABASE_URL": for_dbmate(dsn, os.environ, encrypted=encrypted), **trust(os.environ)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:  # told to stop: nobody would end it
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"dbmate failed: {output.decode(errors='replace').strip()}")


def dbmate() -> str:
    """Where the program is: its wheel puts it beside this Python or on PATH. RuntimeError if it is in neither place."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    if (found := shutil.which("dbmate", path=places)) is None:
        raise RuntimeError(f"the program dbmate is not in {places}: install requirements/postgres-data.txt")
    return found


def for_dbmate(dsn: str, environment: Mapping[str, str], *, encrypted: bool) -> str:
    """The same address for a driver that does not try both ways: it is told whether our connection is encrypted, or to
    check the server's certificate where that is asked for.
    """
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    asked = query.get("sslmode") or environment.get("PGSSLMODE")
    query["sslmode"] = asked if asked in CHECKED else "require" if encrypted else "disable"
    return urlunsplit(parts._replace(scheme="postgres", query=urlencode(query, safe="/")))


def trust(environment: Mapping[str, str]) -> dict[str, str]:
    """Whom our own connection trusts and what it shows of itself, for dbmate's: it gets nothing else of ours."""
    return {name: environment[name] for name in TRUST if name in environment}
