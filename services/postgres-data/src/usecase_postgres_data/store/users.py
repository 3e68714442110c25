"""Users, the codes that link a Telegram id to one of them, and their refresh tokens."""

from uuid import uuid4

import asyncpg

from usecase_contracts.users import (
    Credentials,
    LinkCode,
    RefreshToken,
    RefreshTokenRotation,
    TelegramLink,
    User,
    UserCreate,
)
from usecase_http.problem import Problem
from usecase_postgres_data.database import ACQUIRE_SECONDS, Pool, Pooled

_COLUMNS = "u.id, u.username, u.email, u.telegram_id, u.created_at"

_CREATE = f"""
insert into users as u (username, email, hashed_password) values ($1, $2, $3) returning {_COLUMNS}"""

_BY = {
    "id": f"select {_COLUMNS} from users u where u.id = $1",
    "username": f"select {_COLUMNS} from users u where lower(u.username) = lower($1)",
    "telegram_id": f"select {_COLUMNS} from users u where u.telegram_id = $1",
}

_CREDENTIALS = f"select {_COLUMNS}, u.hashed_password from users u where lower(u.username) = lower($1)"

_PUT_CODE = """
insert into telegram_link_codes (user_id, code_hash, expires_at)
select id, $2, $3 from users where id = $1
on conflict (user_id) do update set code_hash = excluded.code_hash, expires_at = excluded.expires_at
returning user_id"""

_SPEND_CODE = "delete from telegram_link_codes where code_hash = $1 and expires_at > now() returning user_id"
# Two codes spent for one Telegram id at the same moment take turns.
_TURN = "select pg_advisory_xact_lock($1)"
_UNLINK = "update users set telegram_id = null where telegram_id = $1 and id <> $2"
_LINK = f"update users u set telegram_id = $1 where u.id = $2 returning {_COLUMNS}"

_START_FAMILY = """
insert into refresh_tokens (token_hash, user_id, family, expires_at)
select $2, id, $3, $4 from users where id = $1
on conflict (token_hash) do update set expires_at = refresh_tokens.expires_at returning user_id"""

# Of a whole family: a row lock does not hold back who adds another row to it.
_LOCK_FAMILY = """
select pg_advisory_xact_lock(hashtextextended(family::text, 0)) from refresh_tokens where token_hash = $1"""
_LOCK_TOKEN = """
select user_id, family, successor_hash, expires_at > now() as valid
from refresh_tokens where token_hash = $1 for update"""

_ADD_TOKEN = """
insert into refresh_tokens (token_hash, user_id, family, expires_at) values ($1, $2, $3, $4)
on conflict do nothing returning token_hash"""
_SPEND_TOKEN = "update refresh_tokens set successor_hash = $2 where token_hash = $1"
_REVOKE = "delete from refresh_tokens where family = $1"

_CONFLICTS = {"users_username_key": "username", "users_email_key": "email"}


async def create(pool: Pool, user: UserCreate) -> User:
    """Make a user; 409 names the field that somebody else has."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        try:
            row = await connection.fetchrow(_CREATE, user.username, user.email, user.hashed_password)
        except asyncpg.UniqueViolationError as error:
            field = _CONFLICTS[str(error.constraint_name)]
            errors = [{"field": field, "message": "is taken"}]
            raise Problem(409, f"this {field} is taken", "user-exists", errors) from None
    return _user(row)


async def find(pool: Pool, by: str, value: int | str) -> User:
    """The user whose `by` (id, username, telegram_id) is `value`."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        return _user(await connection.fetchrow(_BY[by], value))


async def credentials(pool: Pool, username: str) -> Credentials:
    """What a login of `username` is checked against."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        row = await connection.fetchrow(_CREDENTIALS, username)
    if row is None:
        raise _no_user()
    return Credentials(user=_user(row), hashed_password=row["hashed_password"])


async def put_link_code(pool: Pool, user_id: int, code: LinkCode) -> None:
    """Make this the one code that links a Telegram id to the user."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        try:
            if await connection.fetchval(_PUT_CODE, user_id, code.code_hash, code.expires_at) is None:
                raise _no_user()
        except asyncpg.UniqueViolationError:
            raise Problem(409, "this code is somebody's already: make another", "code-taken") from None


async def link_telegram(pool: Pool, link: TelegramLink) -> User:
    """Spend a code: whoever shows it owns the account, and this Telegram id from now on speaks for it alone."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection, connection.transaction():
        if (user_id := await connection.fetchval(_SPEND_CODE, link.code_hash)) is None:
            raise Problem(404, "this code is unknown, expired or spent", "code-not-found")
        await connection.execute(_TURN, link.telegram_id)
        await connection.execute(_UNLINK, link.telegram_id, user_id)
        return _user(await connection.fetchrow(_LINK, link.telegram_id, user_id))


async def start_refresh_family(pool: Pool, user_id: int, token: RefreshToken) -> None:
    """Keep the first refresh token of a login."""
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        started = await connection.fetchval(_START_FAMILY, user_id, token.token_hash, uuid4(), token.expires_at)
    if started != user_id:
        raise _no_user()


async def rotate_refresh_token(pool: Pool, rotation: RefreshTokenRotation) -> User:
    """Spend a token for its successor. Reuse by anybody but a retry revokes the family: one of its holders is
    a thief.
    """
    async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
        async with connection.transaction():
            user_id = await _rotated(connection, rotation)
        if user_id is None:
            raise Problem(404, "this refresh token is unknown, expired or spent", "token-not-found")
        return _user(await connection.fetchrow(_BY["id"], user_id))


async def _rotated(connection: Pooled, rotation: RefreshTokenRotation) -> int | None:
    await connection.execute(_LOCK_FAMILY, rotation.token_hash)
    row = await connection.fetchrow(_LOCK_TOKEN, rotation.token_hash)
    if row is None or not row["valid"]:
        return None
    if row["successor_hash"] == rotation.new_token_hash:
        return int(row["user_id"])
    if row["successor_hash"] is not None:
        await connection.execute(_REVOKE, row["family"])
        return None
    added = await connection.fetchval(
        _ADD_TOKEN, rotation.new_token_hash, row["user_id"], row["family"], rotation.expires_at
    )
    if added is None:
        return None
    await connection.execute(_SPEND_TOKEN, rotation.token_hash, rotation.new_token_hash)
    return int(row["user_id"])


def _user(row: asyncpg.Record | None) -> User:
    if row is None:
        raise _no_user()
    return User(**{field: row[field] for field in User.model_fields})


def _no_user() -> Problem:
    return Problem(404, "there is no such user", "user-not-found")
