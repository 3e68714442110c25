"""The migrations as files, and the address that dbmate is given."""

import pytest

from usecase_postgres_data.migrations import FOLDER, for_dbmate, known, trust


def test_every_file_says_how_to_go_up_and_down() -> None:
    for file in FOLDER.glob("*.sql"):
        assert "-- migrate:up" in file.read_text()
        assert "-- migrate:down" in file.read_text()


def test_no_two_migrations_have_the_same_version() -> None:
    assert len(known()) == len(list(FOLDER.glob("*.sql"))) > 0


@pytest.mark.parametrize(
    ("dsn", "mode", "encrypted", "given"),
    [
        pytest.param("postgresql://u:p@h/d", None, False, "postgres://u:p@h/d?sslmode=disable", id="plain"),
        pytest.param("postgresql://u:p@h/d", "prefer", True, "postgres://u:p@h/d?sslmode=require", id="encrypted"),
        pytest.param("postgres://h/d?a=b", None, True, "postgres://h/d?a=b&sslmode=require", id="beside other options"),
        pytest.param("postgres://h/d?sslmode=prefer", None, False, "postgres://h/d?sslmode=disable", id="either way"),
        pytest.param(
            "postgres://h/d?sslmode=verify-full&sslrootcert=/ca.crt",
            "disable",
            True,
            "postgres://h/d?sslmode=verify-full&sslrootcert=/ca.crt",
            id="checked, says the address",
        ),
        pytest.param(
            "postgres://h/d", "verify-ca", True, "postgres://h/d?sslmode=verify-ca", id="checked, says the environment"
        ),
    ],
)
def test_dbmate_is_told_what_our_own_connection_found_out(
    dsn: str, mode: str | None, encrypted: bool, given: str
) -> None:
    assert for_dbmate(dsn, {"PGSSLMODE": mode} if mode else {}, encrypted=encrypted) == given


def test_dbmate_trusts_whom_we_trust_and_learns_nothing_else() -> None:
    assert trust({"PGSSLROOTCERT": "/ca.crt", "PGHOST": "elsewhere", "INTERNAL_TOKEN": "x"}) == {
        "PGSSLROOTCERT": "/ca.crt"
    }
