"""What may stand in a field, whoever sends it."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from usecase_contracts.fields import Description, Id, PathId, Scalars, Sha256, Title, Utc

UTC_FIELD = TypeAdapter(Utc)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        pytest.param("2026-11-23T09:30:00", datetime(2026, 11, 23, 9, 30, tzinfo=UTC), id="naive is UTC"),
        pytest.param("2026-11-23T09:30:00Z", datetime(2026, 11, 23, 9, 30, tzinfo=UTC), id="zulu"),
        pytest.param("2026-11-23T09:30:00+02:00", datetime(2026, 11, 23, 7, 30, tzinfo=UTC), id="east"),
        pytest.param("2026-11-23T23:30:00-05:00", datetime(2026, 11, 24, 4, 30, tzinfo=UTC), id="west, next day"),
        pytest.param("0001-01-01T00:00:00+10:00", datetime.min.replace(tzinfo=UTC), id="before the calendar"),
        pytest.param("9999-12-31T23:59:59-10:00", datetime.max.replace(tzinfo=UTC), id="after it: never"),
        pytest.param("2026-11-23 09:30", datetime(2026, 11, 23, 9, 30, tzinfo=UTC), id="a blank for the T"),
        pytest.param(
            "2026-11-23T09:30:00.123456", datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC), id="microseconds"
        ),
    ],
)
def test_a_moment_is_read_as_utc(sent: str, meant: datetime) -> None:
    read = UTC_FIELD.validate_python(sent)
    assert (read, read.tzinfo) == (meant, UTC)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("1795431600", id="digits are not seconds since 1970"),
        pytest.param(1795431600, id="nor is a number"),
        pytest.param("2026-11-23", id="a date is no moment"),
        pytest.param("tomorrow", id="words"),
        pytest.param("2026-02-30T00:00:00", id="no such day"),
        pytest.param(None, id="null"),
    ],
)
def test_what_is_no_moment_is_refused(sent: object) -> None:
    with pytest.raises(ValidationError):
        UTC_FIELD.validate_python(sent)


@pytest.mark.parametrize("sent", [0, -1, 2**53, "1", 1.5, True, None, float("inf")], ids=repr)
def test_an_id_in_json_is_positive_and_kept_exact_by_every_reader(sent: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Id).validate_python(sent)


@pytest.mark.parametrize("sent", [1, 1.0, 2**53 - 1], ids=repr)
def test_an_id_may_be_written_as_json_likes(sent: float) -> None:
    assert TypeAdapter(Id).validate_python(sent) == sent


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"a": True, "b": 1, "c": 1.5, "d": "text", "e": None}, id="one of each"),
        pytest.param({}, id="none"),
    ],
)
def test_facts_keep_their_types(facts: dict[str, object]) -> None:
    read = TypeAdapter(Scalars).validate_json(json.dumps(facts))
    assert [(key, type(value)) for key, value in read.items()] == [(key, type(value)) for key, value in facts.items()]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"nul\x00": 1}, id="a name that no document can have"),
        pytest.param({"$set": 1}, id="a name that is an operator"),
        pytest.param({"a": {"nested": 1}}, id="a fact with parts"),
        pytest.param({"a": "x" * 501}, id="a long text"),
        pytest.param({f"fact_{number}": number for number in range(51)}, id="too many"),
    ],
)
def test_what_is_no_small_fact_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Scalars).validate_python(facts)


def test_an_id_in_a_path_is_read_from_digits() -> None:
    assert TypeAdapter(PathId).validate_python("42") == 42


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        pytest.param(Title, "", id="empty title"),
        pytest.param(Title, "x" * 256, id="long title"),
        pytest.param(Title, "nul\x00", id="NUL in a title"),
        pytest.param(Description, "x" * 2001, id="long description"),
        pytest.param(Description, "nul\x00", id="NUL in a description"),
        pytest.param(Sha256, "G" * 64, id="not hex"),
        pytest.param(Sha256, "a" * 63, id="short hash"),
    ],
)
def test_text_that_cannot_be_stored_is_refused(kind: object, sent: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(sent)


def test_the_longest_text_that_fits_is_taken() -> None:
    assert len(TypeAdapter(Title).validate_python("ü" * 255)) == 255
    assert len(TypeAdapter(Description).validate_python("ü" * 2000)) == 2000


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Title).validate_json(b'"\\ud800"')
