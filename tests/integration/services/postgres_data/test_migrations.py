"""The schema comes to head once, however many replicas start, and a mistake in it stops the service."""

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from integration.services.waiting import until
from usecase_postgres_data import migrations
from usecase_postgres_data.database import connect, open_pool


async def versions(dsn: str) -> list[str]:
    connection = await connect(dsn)
    try:
        return [row["version"] for row in await connection.fetch("select version from schema_migrations")]
    finally:
        await connection.close()


async def test_three_replicas_at_once_migrate_once(empty_dsn: str) -> None:
    await asyncio.gather(*(migrations.migrate(empty_dsn) for _ in range(3)))
    assert sorted(await versions(empty_dsn)) == sorted(migrations.known())


async def test_a_replica_that_finds_the_schema_at_head_starts_no_process(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody_needs_it() -> str:
        raise AssertionError("dbmate was looked for")

    monkeypatch.setattr(migrations, "dbmate", nobody_needs_it)
    await migrations.migrate(dsn)


async def test_a_missing_program_is_a_mistake_and_no_outage(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(migrations.sys, "executable", "/nowhere/python")
    with pytest.raises(RuntimeError, match=r"dbmate is not in /nowhere"):
        await migrations.migrate(empty_dsn)


async def test_the_lock_is_free_again(dsn: str) -> None:
    connection = await connect(dsn)
    assert await connection.fetchval("select pg_try_advisory_lock($1)", migrations.ADVISORY_LOCK)
    await connection.close()


async def test_a_migration_that_fails_says_what_postgresql_said(
    dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in migrations.FOLDER.glob("*.sql"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "20991231000000_broken.sql").write_text(
        "-- migrate:up\nalter table nowhere add x int;\n-- migrate:down\n"
    )
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    with pytest.raises(RuntimeError, match='relation "nowhere" does not exist'):
        await migrations.migrate(dsn)
    pool = await open_pool(dsn, 1)
    with pytest.raises(RuntimeError, match="migrations not applied: 20991231000000"):
        await migrations.require_head(pool)
    await pool.close()


async def test_a_start_that_is_given_up_leaves_no_migration_behind(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow, started = tmp_path / "dbmate", tmp_path / "pid"
    slow.write_text(f"#!/bin/sh\necho $$ > {started}.new; mv {started}.new {started}; exec sleep 3600\n")
    slow.chmod(0o755)
    monkeypatch.setattr(migrations, "dbmate", lambda: str(slow))
    migrating = asyncio.create_task(migrations.migrate(empty_dsn))
    await until(started.exists)
    migrating.cancel()
    await asyncio.gather(migrating, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


async def test_a_database_that_is_ahead_is_at_head(dsn: str) -> None:
    connection = await connect(dsn)
    await connection.execute("insert into schema_migrations (version) values ('20991231000000')")
    assert await migrations.pending(connection) == set()
    await connection.close()


async def test_a_database_that_is_coming_up_is_waited_for(empty_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([ConnectionRefusedError("not yet"), asyncpg.CannotConnectNowError("starting up")])
    real = migrations.connect

    async def connect_at_last(dsn: str) -> object:
        for error in refusals:
            raise error
        return await real(dsn)

    monkeypatch.setattr(migrations, "connect", connect_at_last)
    await migrations.migrate(empty_dsn)
    assert await versions(empty_dsn)


async def test_every_migration_goes_down_again(dsn: str) -> None:
    connection = await connect(dsn)
    for file in sorted(migrations.FOLDER.glob("*.sql"), reverse=True):
        await connection.execute(file.read_text().split("-- migrate:down")[1])
    tables = await connection.fetch("select tablename from pg_tables where schemaname = current_schema()")
    await connection.close()
    assert [row["tablename"] for row in tables] == ["schema_migrations"]
