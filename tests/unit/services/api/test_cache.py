"""A change that Redis did not hear of: this replica reads nothing old, and tells it before it reads again."""

import asyncio
from typing import Any

import pytest

from unit.services.api.memory import Memory
from unit.services.api.test_breaker import Clock
from usecase_api.store import cache as module
from usecase_api.store.cache import ENTRY_SECONDS, Cache
from usecase_api.store.shared import Command

ANN, BOB, CARL = 7, 8, 9


class Source:
    """What is true: a number that `ask` says, and how often it was asked."""

    def __init__(self) -> None:
        self.value, self.asked = 1, 0

    async def ask(self) -> bytes:
        self.asked += 1
        return b"%d" % self.value


async def missed(redis: Memory, source: Source, cache: Cache, *users: int) -> None:
    """A change of each of these users that Redis does not hear of."""
    redis.away = True
    source.value += 1
    for user in users:
        await cache.forget(user)
    redis.away = False


async def test_other_replicas_read_nothing_old_once_redis_is_back() -> None:
    redis, source = Memory(), Source()
    cache, replica = Cache(redis), Cache(redis)
    for user in (ANN, BOB):
        await replica.read(user, "stats", source.ask)
    await missed(redis, source, cache, ANN, BOB)
    assert await replica.read(ANN, "stats", source.ask) == b"1", "nobody could tell it yet"
    assert await cache.read(BOB, "other", source.ask) == b"2"
    assert [await replica.read(user, "stats", source.ask) for user in (ANN, BOB)] == [b"2", b"2"]


async def test_the_next_change_tells_too() -> None:
    redis, source = Memory(), Source()
    cache, replica = Cache(redis), Cache(redis)
    await replica.read(ANN, "stats", source.ask)
    await missed(redis, source, cache, ANN)
    await cache.forget(BOB)
    assert await replica.read(ANN, "stats", source.ask) == b"2"


async def test_this_replica_reads_nothing_until_redis_was_told_and_then_at_once() -> None:
    redis, source = Memory(), Source()
    cache = Cache(redis)
    for user in (ANN, BOB):
        await cache.read(user, "stats", source.ask)
    await missed(redis, source, cache, ANN)
    redis.mute = True
    redis.ran.clear()
    assert await cache.read(ANN, "stats", source.ask) == b"2"
    assert {command[0] for command in redis.ran} == {"SET"}, "it tells, and asks nothing"
    redis.mute = False
    await cache.read(ANN, "stats", source.ask)
    asked = source.asked
    assert await cache.read(ANN, "stats", source.ask) == b"2"
    assert await cache.read(BOB, "stats", source.ask) == b"1", "the others' entries are good"
    assert source.asked == asked


async def test_a_word_that_may_have_arrived_is_never_sent_again() -> None:
    redis, source = Memory(), Source()
    cache, replica = Cache(redis), Cache(redis)
    redis.mute = True
    source.value = 2
    await cache.forget(ANN)
    redis.mute = False
    # The generation has arrived, and another replica keeps an entry under it; then comes a change that was told.
    await replica.read(ANN, "stats", source.ask)
    source.value = 3
    await replica.forget(ANN)
    await cache.read(BOB, "stats", source.ask)
    assert await replica.read(ANN, "stats", source.ask) == b"3"


class Slow(Memory):
    """Takes its time over the next commands, once: `before` it hears them, or `after`."""

    def __init__(self) -> None:
        super().__init__()
        self.came, self.go = asyncio.Event(), asyncio.Event()
        self.before = self.after = False

    async def run(self, *commands: Command) -> list[Any] | None:
        before, after, self.before, self.after = self.before, self.after, False, False
        if before:
            await self._dawdle()
        answers = await super().run(*commands)
        if after:
            await self._dawdle()
        return answers

    async def _dawdle(self) -> None:
        self.came.set()
        await self.go.wait()


async def test_nothing_is_read_here_while_others_are_being_told() -> None:
    redis, source = Slow(), Source()
    cache, replica = Cache(redis), Cache(redis)
    await replica.read(ANN, "stats", source.ask)
    await missed(redis, source, cache, ANN)
    redis.before = True
    reading = asyncio.create_task(cache.read(BOB, "stats", source.ask))
    await redis.came.wait()
    assert await cache.read(ANN, "stats", source.ask) == b"2"
    redis.go.set()
    await reading
    assert await replica.read(ANN, "stats", source.ask) == b"2"


async def test_a_change_that_is_missed_while_others_are_told_is_told_next() -> None:
    redis, source = Slow(), Source()
    cache, replica = Cache(redis), Cache(redis)
    await missed(redis, source, cache, ANN)
    redis.after = True
    reading = asyncio.create_task(cache.read(BOB, "stats", source.ask))
    await redis.came.wait()
    # The generation of the first change has arrived, and an entry is kept under it.
    await replica.read(ANN, "stats", source.ask)
    await missed(redis, source, cache, ANN)
    redis.go.set()
    await reading
    assert await cache.read(ANN, "stats", source.ask) == b"3"
    assert await replica.read(ANN, "stats", source.ask) == b"3"


@pytest.mark.parametrize("untold", [(), (ANN,)], ids=["its own", "another's"])
async def test_a_caller_who_is_cut_off_while_a_change_is_told_leaves_none_untold(untold: tuple[int, ...]) -> None:
    redis, source = Slow(), Source()
    cache, replica = Cache(redis), Cache(redis)
    for user in (ANN, BOB):
        await replica.read(user, "stats", source.ask)
    await missed(redis, source, cache, *untold)
    redis.before = True
    forgetting = asyncio.create_task(cache.forget(BOB))
    await redis.came.wait()
    forgetting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await forgetting
    await cache.read(CARL, "stats", source.ask)
    for user in (*untold, BOB):
        assert await replica.read(user, "stats", source.ask) == b"2"


async def test_what_is_older_than_any_entry_needs_no_telling() -> None:
    redis, source, clock = Memory(), Source(), Clock()
    cache = Cache(redis, clock)
    await missed(redis, source, cache, ANN)
    clock.now += ENTRY_SECONDS + 1
    redis.ran.clear()
    await cache.read(BOB, "stats", source.ask)
    assert "tasks:user:7:generation" not in [command[1] for command in redis.ran]


async def test_too_many_are_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNTOLD", 3)
    redis, source, clock = Memory(), Source(), Clock()
    cache = Cache(redis, clock)
    for user in range(1, 5):
        await cache.read(user, "stats", source.ask)
    await missed(redis, source, cache, *range(1, 5))
    assert [await cache.read(user, "stats", source.ask) for user in range(1, 5)] == [b"2"] * 4
    clock.now += ENTRY_SECONDS
    redis.kept.clear()  # as Redis does by then
    await cache.read(1, "stats", source.ask)
    asked = source.asked
    await cache.read(1, "stats", source.ask)
    assert source.asked == asked, "and then it is used again"
