"""A PostgreSQL with a certificate of its owner's own authority is trusted as docs/how-to/external-backends.md says: by
the migrations as by the pool.
"""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from ssl import SSLCertVerificationError

import asyncpg
import pytest
import trustme

from cluster.backends import RECIPES, Running
from integration.services.waiting import until
from usecase_postgres_data import migrations
from usecase_postgres_data.database import connect, open_pool


def in_server(postgres: Running, command: str, text: bytes) -> None:
    """A shell command in the server's container, with *text* as its input."""
    words = ["docker", "exec", "--interactive", postgres.container, "sh", "-c", command]
    subprocess.run(words, input=text, check=True, stdout=subprocess.DEVNULL)


def put(postgres: Running, name: str, text: bytes) -> None:
    in_server(postgres, f"umask 077; cat > {RECIPES['postgres'].environment['PGDATA']}/{name}", text)


def administer(postgres: Running, *statements: str) -> None:
    """What only the superuser may, whom no password lets in from outside."""
    in_server(
        postgres, "psql --username postgres --dbname postgres", "".join(f"{each};" for each in statements).encode()
    )


async def encrypted(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("select ssl from pg_stat_ssl where pid = pg_backend_pid()"))
    finally:
        await connection.close()


@pytest.fixture
async def authority(postgres: Running, postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Path]:
    """The file with the authority of the server's certificate; the server speaks TLS while the test runs."""
    ca = trustme.CA()
    certificate = ca.issue_cert("127.0.0.1")
    put(postgres, "server.key", certificate.private_key_pem.bytes())
    put(postgres, "server.crt", certificate.cert_chain_pems[0].bytes())
    administer(postgres, "alter system set ssl = on", "select pg_reload_conf()")
    await until(lambda: encrypted(postgres_dsn))
    file = tmp_path / "ca.crt"
    ca.cert_pem.write_to_path(file)
    yield file
    administer(postgres, "alter system reset ssl", "select pg_reload_conf()")
    await until(lambda: encrypted(postgres_dsn), expected=False)


@pytest.mark.parametrize("by_address", [True, False], ids=["by the address", "by the environment"])
async def test_migrations_and_pool_trust_the_same_authority(
    empty_dsn: str, authority: Path, by_address: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = f"{empty_dsn}&sslmode=verify-full"
    if by_address:
        dsn += f"&sslrootcert={authority}"
    else:
        monkeypatch.setenv("PGSSLROOTCERT", str(authority))
    await migrations.migrate(dsn)
    pool = await open_pool(dsn, 1)
    await migrations.require_head(pool)
    await pool.close()


async def test_another_authority_is_not_trusted(empty_dsn: str, authority: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.crt"
    trustme.CA().cert_pem.write_to_path(stranger)
    with pytest.raises(SSLCertVerificationError):
        await connect(f"{empty_dsn}&sslmode=verify-full&sslrootcert={stranger}")
