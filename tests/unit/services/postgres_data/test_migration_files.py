"""The migrations as files, and the address that dbmate is given."""

import pytest

from usecase_postgres_data.migrations import FOLDER, for_dbmate, known


def test_every_file_says_how_to_go_up_and_down() -> None:
    for file in FOLDER.glob("*.sql"):
        assert "-- migrate:up" in file.read_text()
        assert "-- migrate:down" in file.read_text()


def test_no_two_migrations_have_the_same_version() -> None:
    assert len(known()) == len(list(FOLDER.glob("*.sql"))) > 0


@pytest.mark.parametrize(
    ("dsn", "encrypted", "given"),
    [
        pytest.param("postgresql://u:p@h/d", False, "postgres://u:p@h/d?sslmode=disable", id="plain"),
        pytest.param("postgresql://u:p@h/d", True, "postgres://u:p@h/d?sslmode=require", id="encrypted"),
        pytest.param("postgres://h/d?a=b", True, "postgres://h/d?a=b&sslmode=require", id="beside other options"),
        pytest.param("postgres://h/d?sslmode=verify-full", False, "postgres://h/d?sslmode=verify-full", id="said"),
    ],
)
def test_dbmate_is_told_what_our_own_connection_found_out(dsn: str, encrypted: bool, given: str) -> None:
    assert for_dbmate(dsn, encrypted=encrypted) == given
