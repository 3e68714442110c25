"""Value types that every shape here is made of: what may stand in one field, whoever sends it.

A value that passes here can be stored: ids fit every reader, text holds no NUL, moments are UTC.
"""

import re
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

REQUEST = ConfigDict(frozen=True, extra="forbid")
"""Config of what a caller sends to us: an unknown field is a mistake and is named (422)."""
ANSWER = ConfigDict(frozen=True, extra="ignore")
"""Config of what we read from another process: a newer one may say more than we know."""

_ISO_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d")


def _iso_only(value: object) -> object:
    """Refuse what pydantic would take as seconds since 1970: a bare number is a mistake, not a moment."""
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO_DATE_TIME.match(value)):
        return value
    raise ValueError("must be an ISO 8601 date-time such as 2026-11-23T09:30:00Z")


def _in_utc(value: datetime) -> datetime:
    """A moment without a zone is UTC; one with a zone is converted (contract 2.2, S7).

    Where that leaves the calendar it is the calendar's end: people write 9999-12-31 for "never".
    """
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return (datetime.min if value.year == 1 else datetime.max).replace(tzinfo=UTC)


def _number_only(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a whole number")
    return value


_NO_NUL = r"^[^\x00]*$"
"""PostgreSQL's text and a document's names know every character but this one."""
Utc = Annotated[datetime, BeforeValidator(_iso_only), AfterValidator(_in_utc)]
MAX_ID = 2**53 - 1
"""The largest integer that every reader of JSON keeps exact; PostgreSQL's bigint and Telegram's ids have room in it."""
WHOLE = BeforeValidator(_number_only)
"""Makes an int what JSON Schema calls an integer: 2 and 2.0, neither "2" nor true."""
Id = Annotated[int, Field(ge=1, le=MAX_ID), WHOLE]
"""An id inside a JSON body. In a path or query use `PathId`, which reads digits."""
PathId = Annotated[int, Field(ge=1, le=MAX_ID)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_NO_NUL)]
Description = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_NUL)]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_NO_NUL)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A secret's SHA-256 in hex: tokens and codes are never stored or sent between services in clear."""
EventId = UUID
Scalars = Annotated[
    dict[
        Word,
        Annotated[str, StringConstraints(max_length=500)]
        | Annotated[int, Field(strict=True, ge=-MAX_ID, le=MAX_ID)]
        | Annotated[float, Field(strict=True)]
        | Annotated[bool, Field(strict=True)]
        | None,
    ],
    Field(max_length=50, json_schema_extra={"additionalProperties": False}),
]
"""Small facts by name."""
StoredScalars = dict[str, str | int | float | bool | None]
"""The same as an answer: whatever was once stored can be read."""
