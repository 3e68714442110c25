"""Users, Telegram links, refresh tokens."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from usecase_contracts.users import LinkCode, RefreshToken, RefreshTokenRotation, TelegramLink, User, UserCreate
from usecase_http.problem import Problem
from usecase_postgres_data import housekeeping
from usecase_postgres_data.database import Pool
from usecase_postgres_data.store import users

# Counted from collection: a whole run lies between that and the test.
SOON, PAST = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) - timedelta(seconds=1)


def hashed(number: int) -> str:
    return f"{number:064x}"


async def new(pool: Pool, name: str) -> User:
    return await users.create(pool, UserCreate(username=name, email=f"{name}@example.com", hashed_password="$argon2"))


async def refusal(call: Awaitable[Any]) -> Problem:
    with pytest.raises(Problem) as refused:
        await call
    return refused.value


async def test_a_user_is_found_by_id_name_and_credentials(pool: Pool) -> None:
    made = await new(pool, "TestUser")
    assert made == await users.find(pool, "id", made.id) == await users.find(pool, "username", "testuser")
    credentials = await users.credentials(pool, "TESTUSER")
    assert (credentials.user, credentials.hashed_password) == (made, "$argon2")


@pytest.mark.parametrize(
    ("username", "email", "field"),
    [
        pytest.param("ANN", "new@example.com", "username", id="name in other case"),
        pytest.param("new", "Ann@Example.com", "email", id="address in other case"),
    ],
)
async def test_what_is_taken_is_named(pool: Pool, username: str, email: str, field: str) -> None:
    await new(pool, "ann")
    problem = await refusal(users.create(pool, UserCreate(username=username, email=email, hashed_password="$argon2")))
    assert (problem.status, problem.members["errors"]) == (409, [{"field": field, "message": "is taken"}])


async def test_nobody_is_not_found(pool: Pool) -> None:
    code = LinkCode(code_hash=hashed(1), expires_at=SOON)
    token = RefreshToken(token_hash=hashed(1), expires_at=SOON)
    for call in (
        users.find(pool, "id", 999),
        users.find(pool, "telegram_id", 999),
        users.credentials(pool, "nobody"),
        users.put_link_code(pool, 999, code),
        users.start_refresh_family(pool, 999, token),
    ):
        assert (await refusal(call)).status == 404


async def test_a_code_links_once(pool: Pool) -> None:
    ann = await new(pool, "ann")
    await users.put_link_code(pool, ann.id, LinkCode(code_hash=hashed(1), expires_at=SOON))
    linked = await users.link_telegram(pool, TelegramLink(code_hash=hashed(1), telegram_id=77))
    assert (linked.id, linked.telegram_id) == (ann.id, 77)
    assert (await users.find(pool, "telegram_id", 77)).id == ann.id
    assert (await refusal(users.link_telegram(pool, TelegramLink(code_hash=hashed(1), telegram_id=77)))).status == 404


async def test_a_new_code_replaces_the_old_and_an_expired_one_is_unknown(pool: Pool) -> None:
    ann = await new(pool, "ann")
    await users.put_link_code(pool, ann.id, LinkCode(code_hash=hashed(1), expires_at=SOON))
    await users.put_link_code(pool, ann.id, LinkCode(code_hash=hashed(2), expires_at=PAST))
    for number in (1, 2, 3):
        link = TelegramLink(code_hash=hashed(number), telegram_id=77)
        assert (await refusal(users.link_telegram(pool, link))).status == 404


async def test_two_users_never_have_the_same_code(pool: Pool) -> None:
    ann, bob = await new(pool, "ann"), await new(pool, "bob")
    code = LinkCode(code_hash=hashed(1), expires_at=SOON)
    await users.put_link_code(pool, ann.id, code)
    assert (await refusal(users.put_link_code(pool, bob.id, code))).members["type"] == "urn:usecase:code-taken"


async def test_a_chat_speaks_for_one_user(pool: Pool) -> None:
    ann, bob = await new(pool, "ann"), await new(pool, "bob")
    for number, user in enumerate((ann, bob), 1):
        await users.put_link_code(pool, user.id, LinkCode(code_hash=hashed(number), expires_at=SOON))
    links = [TelegramLink(code_hash=hashed(number), telegram_id=77) for number in (1, 2)]
    await asyncio.gather(*(users.link_telegram(pool, link) for link in links))
    chats = [(await users.find(pool, "id", user.id)).telegram_id for user in (ann, bob)]
    assert sorted(chats, key=str) == [77, None]


def rotation(old: int, new: int) -> RefreshTokenRotation:
    return RefreshTokenRotation(token_hash=hashed(old), new_token_hash=hashed(new), expires_at=SOON)


async def login(pool: Pool, user: User, token: int, expires_at: datetime = SOON) -> None:
    await users.start_refresh_family(pool, user.id, RefreshToken(token_hash=hashed(token), expires_at=expires_at))


async def test_a_refresh_token_is_spent_for_the_next(pool: Pool) -> None:
    ann = await new(pool, "ann")
    await login(pool, ann, 1)
    assert [(await users.rotate_refresh_token(pool, rotation(*step))).id for step in ((1, 2), (2, 3))] == [ann.id] * 2


async def test_the_same_rotation_again_gives_the_same_answer(pool: Pool) -> None:
    ann = await new(pool, "ann")
    await login(pool, ann, 1)
    again = await asyncio.gather(*(users.rotate_refresh_token(pool, rotation(1, 2)) for _ in range(3)))
    assert [user.id for user in again] == [ann.id] * 3
    assert (await users.rotate_refresh_token(pool, rotation(2, 3))).id == ann.id


async def test_a_stolen_token_ends_its_family_and_no_other(pool: Pool) -> None:
    ann = await new(pool, "ann")
    await login(pool, ann, 1)
    await login(pool, ann, 10)
    await users.rotate_refresh_token(pool, rotation(1, 2))
    assert (await refusal(users.rotate_refresh_token(pool, rotation(1, 99)))).status == 404
    assert (await refusal(users.rotate_refresh_token(pool, rotation(2, 3)))).status == 404
    assert (await users.rotate_refresh_token(pool, rotation(10, 11))).id == ann.id


async def test_a_stolen_token_ends_also_what_is_made_at_the_same_moment(pool: Pool) -> None:
    ann = await new(pool, "ann")
    for token in range(0, 100, 5):
        await login(pool, ann, token)
        await users.rotate_refresh_token(pool, rotation(token, token + 1))
        both = (rotation(token + 1, token + 2), rotation(token, token + 3))
        await asyncio.gather(*(users.rotate_refresh_token(pool, each) for each in both), return_exceptions=True)
        assert (await refusal(users.rotate_refresh_token(pool, rotation(token + 2, token + 4)))).status == 404


async def test_an_unknown_or_expired_token_is_refused(pool: Pool) -> None:
    ann = await new(pool, "ann")
    await login(pool, ann, 1, PAST)
    for old in (1, 50):
        assert (await refusal(users.rotate_refresh_token(pool, rotation(old, 2)))).status == 404


async def test_what_is_over_is_removed_and_nothing_else(pool: Pool) -> None:
    ann, bob = await new(pool, "ann"), await new(pool, "bob")
    for user, when, token in ((ann, PAST, 1), (bob, SOON, 2)):
        await login(pool, user, token, when)
        await users.put_link_code(pool, user.id, LinkCode(code_hash=hashed(token), expires_at=when))
    await pool.execute(
        "insert into tasks (user_id, title, status, transaction_id, updated_at)"
        " select $1, '', status, gen_random_uuid(), now() - days * interval '1 day'"
        " from unnest('{failed,deleted,failed}'::text[], '{8,8,6}'::int[]) as t (status, days)",
        ann.id,
    )
    await pool.execute(
        "insert into tasks (user_id, title, status, transaction_id, updated_at)"
        " values ($1, 'old', 'active', gen_random_uuid(), now() - interval '1 year')",
        ann.id,
    )
    await housekeeping.clean(pool)
    assert [row["status"] for row in await pool.fetch("select status from tasks order by status")] == [
        "active",
        "failed",
    ]
    assert await pool.fetchval("select count(*) from refresh_tokens") == 1
    assert await pool.fetchval("select count(*) from telegram_link_codes") == 1
