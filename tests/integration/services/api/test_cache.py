"""The cache answers what it was given, never what is old, and never somebody else."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from cluster.backends import Running
from integration.services.api.running import Api
from integration.services.waiting import until
from usecase_api.store import cache as module
from usecase_api.store.cache import ENTRY_SECONDS, Cache
from usecase_api.store.shared import Shared, open_shared

USER = 7


class Source:
    """What is true: a number that `ask` says, and how often it was asked."""

    def __init__(self) -> None:
        self.value, self.asked = 1, 0

    async def ask(self) -> bytes:
        self.asked += 1
        return b'{"v":%d}' % self.value


@pytest.fixture
async def shared(redis_url: str) -> AsyncIterator[Shared]:
    async with open_shared(redis_url) as made:
        assert await made.run(("FLUSHDB",)) is not None
        yield made


async def test_the_second_reader_asks_nobody(shared: Shared) -> None:
    source, cache = Source(), Cache(shared)
    assert [await cache.read(USER, "stats", source.ask) for _ in range(3)] == [b'{"v":1}'] * 3
    assert source.asked == 1
    await Cache(shared).read(USER, "stats", source.ask)
    assert source.asked == 1, "another replica reads it too"


async def test_users_and_names_have_entries_of_their_own(shared: Shared) -> None:
    source, cache = Source(), Cache(shared)
    for user, name in ((USER, "a"), (USER, "b"), (8, "a"), (8, "b")):
        source.value += 1
        assert await cache.read(user, name, source.ask) == b'{"v":%d}' % source.value


async def test_a_change_is_seen_by_the_next_reader_everywhere(shared: Shared) -> None:
    source, cache, replica = Source(), Cache(shared), Cache(shared)
    await replica.read(USER, "stats", source.ask)
    source.value = 2
    await cache.forget(USER)
    assert await replica.read(USER, "stats", source.ask) == b'{"v":2}'


async def test_a_slow_reader_puts_nothing_old_back(shared: Shared) -> None:
    source, cache = Source(), Cache(shared)
    may_answer = asyncio.Event()

    async def slow() -> bytes:
        old = await source.ask()
        await may_answer.wait()
        return old

    reading = asyncio.create_task(cache.read(USER, "stats", slow))
    await until(lambda: source.asked)
    source.value = 2
    await cache.forget(USER)
    may_answer.set()
    assert await reading == b'{"v":1}'
    assert await cache.read(USER, "stats", source.ask) == b'{"v":2}'


async def test_nothing_stays_for_ever(shared: Shared) -> None:
    await Cache(shared).read(USER, "stats", Source().ask)
    ttls = await shared.run(("TTL", "tasks:user:7:stats"), ("TTL", "tasks:user:7:generation"))
    assert ttls is not None
    assert 0 < ttls[0] <= ENTRY_SECONDS < ttls[1] <= module.GENERATION_SECONDS


async def test_a_lost_generation_makes_entries_useless_not_wrong(shared: Shared) -> None:
    source, cache = Source(), Cache(shared)
    await cache.read(USER, "stats", source.ask)
    await shared.run(("DEL", "tasks:user:7:generation"))
    source.value = 2
    assert await cache.read(USER, "stats", source.ask) == b'{"v":2}'


async def test_an_entry_that_cannot_be_read_is_asked_for_again(shared: Shared) -> None:
    source, cache = Source(), Cache(shared)
    await shared.run(("RPUSH", "tasks:user:7:stats", "not a string"))
    assert await cache.read(USER, "stats", source.ask) == b'{"v":1}'
    await shared.run(("DEL", "tasks:user:7:generation"), ("RPUSH", "tasks:user:7:generation", "neither"))
    assert await cache.read(USER, "stats", source.ask) == b'{"v":1}'


async def test_after_an_outage_of_redis_nothing_old_is_read_anywhere(redis: Running, redis_url: str) -> None:
    source = Source()
    async with open_shared(redis_url) as shared:
        cache, replica = Cache(shared), Cache(shared)
        await cache.read(USER, "missed", source.ask)
        redis.pause()
        try:
            source.value = 2
            await cache.forget(USER)
        finally:
            redis.unpause()
        await until(lambda: shared.run(("PING",)))
        assert [await each.read(USER, "missed", source.ask) for each in (cache, replica)] == [b'{"v":2}'] * 2


async def test_what_redis_refused_to_forget_is_forgotten_once_it_takes_writes(shared: Shared, redis_url: str) -> None:
    source, cache, replica = Source(), Cache(shared), Cache(shared)
    await replica.read(USER, "stats", source.ask)
    async with Redis.from_url(redis_url) as administrator:
        # Reads are answered, and nothing is written: without a replica of its own Redis refuses to.
        await administrator.config_set("min-replicas-to-write", 1)
        try:
            source.value = 2
            await cache.forget(USER)
        finally:
            await administrator.config_set("min-replicas-to-write", 0)
    await until(lambda: shared.run(("PING",)))
    assert await cache.read(USER, "other", source.ask) == b'{"v":2}'
    assert await replica.read(USER, "stats", source.ask) == b'{"v":2}'
    asked = source.asked
    await cache.read(USER, "stats", source.ask)
    assert source.asked == asked, "it is used again at once"


def test_a_task_that_was_read_can_be_read_while_postgres_data_is_away(api: Api) -> None:
    user = api.user()
    read, unread = (f"/api/v1/tasks/{user.task()}" for _ in range(2))
    known = user.http.get(read).json()
    api.postgres_data.stop(signal.SIGKILL)
    try:
        assert user.http.get(read).json() == known
        assert user.http.get(unread).status_code == 503
    finally:
        api.start_postgres_data()


def test_nothing_secret_is_kept(api: Api) -> None:
    user = api.user()
    user.http.get(f"/api/v1/tasks/{user.task()}")
    user.http.get("/api/v1/tasks/stats")
    api.http.post("/api/v1/auth/token", data={"username": user.name, "password": "wrong-password"})
    with api.redis as redis:
        kept = b" ".join(key + b" " + (redis.get(key) or b"") for key in redis.scan_iter())
    assert b"tasks:user:" in kept
    assert b"login:name:" in kept
    for secret in (user.name, user.session["access_token"], user.session["refresh_token"], "wrong-password"):
        assert secret.encode() not in kept
