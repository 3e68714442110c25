"""What arrives together is handled together, and each caller gets its own result."""

import asyncio
from collections.abc import Sequence

import pytest

from usecase_runtime.coalesce import Coalescer


class Flushes:
    """A flush that doubles numbers, remembers its batches and can be held."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go, self.began = asyncio.Event(), asyncio.Event()
        self.go.set()

    async def __call__(self, items: list[int]) -> Sequence[int | Exception]:
        self.batches.append(items)
        self.began.set()
        await self.go.wait()
        return [ValueError(f"{item} is odd") if item % 2 else item * 2 for item in items]


async def test_items_of_one_moment_share_a_batch() -> None:
    flushes = Flushes()
    coalescer = Coalescer(flushes, most=64)
    assert await asyncio.gather(*(coalescer.add(number) for number in (2, 4, 6))) == [4, 8, 12]
    assert flushes.batches == [[2, 4, 6]]


async def test_what_comes_during_a_flush_makes_the_next_batch() -> None:
    flushes = Flushes()
    flushes.go.clear()
    coalescer = Coalescer(flushes, most=64)
    first = asyncio.create_task(coalescer.add(2))
    await flushes.began.wait()
    later = [asyncio.create_task(coalescer.add(number)) for number in (4, 6)]
    await asyncio.sleep(0)
    flushes.go.set()
    assert [await first, *[await each for each in later]] == [4, 8, 12]
    assert flushes.batches == [[2], [4, 6]]


async def test_a_batch_has_a_largest_size() -> None:
    flushes = Flushes()
    coalescer = Coalescer(flushes, most=2)
    await asyncio.gather(*(coalescer.add(number) for number in (2, 4, 6, 8, 10)))
    assert flushes.batches == [[2, 4], [6, 8], [10]]


async def test_a_full_batch_does_not_wait_for_its_time() -> None:
    flushes = Flushes()
    coalescer = Coalescer(flushes, most=2, linger=3600)
    async with asyncio.timeout(5):
        assert await asyncio.gather(coalescer.add(2), coalescer.add(4)) == [4, 8]


async def test_a_batch_that_is_not_full_closes_in_time() -> None:
    flushes = Flushes()
    coalescer = Coalescer(flushes, most=100, linger=0.001)
    async with asyncio.timeout(5):
        assert await coalescer.add(2) == 4


async def test_one_items_failure_is_its_callers_alone() -> None:
    coalescer = Coalescer(Flushes(), most=64)
    good, bad = await asyncio.gather(coalescer.add(2), coalescer.add(3), return_exceptions=True)
    assert good == 4
    assert isinstance(bad, ValueError)


async def test_a_flush_that_fails_fails_for_all_and_the_next_one_works() -> None:
    batches = []

    async def flush(items: list[int]) -> list[int]:
        batches.append(items)
        if len(batches) == 1:
            raise ConnectionError("gone")
        return items

    coalescer: Coalescer[int, int] = Coalescer(flush, most=64)
    failed = await asyncio.gather(coalescer.add(1), coalescer.add(2), return_exceptions=True)
    assert [type(each) for each in failed] == [ConnectionError, ConnectionError]
    assert await coalescer.add(3) == 3


@pytest.mark.parametrize("answers", [0, 1, 3])
async def test_a_flush_that_answers_too_few_or_too_many_fails_for_all(answers: int) -> None:
    async def flush(items: list[int]) -> list[int]:
        return [7] * answers if len(items) == 2 else items

    coalescer: Coalescer[int, int] = Coalescer(flush, most=64)
    async with asyncio.timeout(5):
        failed = await asyncio.gather(coalescer.add(1), coalescer.add(2), return_exceptions=True)
    assert [str(each) for each in failed] == [f"{answers} results for 2 items: nobody can tell whose they are"] * 2
    assert await coalescer.add(3) == 3


async def test_a_caller_who_leaves_does_not_disturb_the_others() -> None:
    flushes = Flushes()
    flushes.go.clear()
    coalescer = Coalescer(flushes, most=64)
    leaving, staying = (asyncio.create_task(coalescer.add(number)) for number in (2, 4))
    await flushes.began.wait()
    leaving.cancel()
    flushes.go.set()
    assert await staying == 8
    with pytest.raises(asyncio.CancelledError):
        await leaving
