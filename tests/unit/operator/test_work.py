"""The dirty set: marks coalesce, one run per key at a time, nothing is forgotten."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from usecase_operator.work import Dirty


async def allowed() -> None:
    return None


@asynccontextmanager
async def workers(dirty: Dirty, settle: Callable[[str], Awaitable[None]], number: int = 3) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(dirty.work(settle, allowed)) for _ in range(number)]
    yield
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_marks_that_wait_are_one_run() -> None:
    dirty, runs = Dirty(), []
    for _ in range(5):
        dirty.add("a")
    done = asyncio.Event()

    async def settle(key: str) -> None:
        runs.append(key)
        if key == "end":
            done.set()

    dirty.add("end")
    async with workers(dirty, settle, number=1):
        await asyncio.wait_for(done.wait(), 5)
    assert runs == ["a", "end"]


async def test_marks_during_a_run_cause_exactly_one_more_and_never_two_at_once() -> None:
    dirty = Dirty()
    started, release, twice = asyncio.Event(), asyncio.Event(), asyncio.Event()
    running = most = runs = 0

    async def settle(_: str) -> None:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        if runs == 1:
            started.set()
            await release.wait()
        else:
            twice.set()
        running -= 1

    dirty.add("a")
    async with workers(dirty, settle):
        await asyncio.wait_for(started.wait(), 5)
        for _ in range(10):
            dirty.add("a")
        release.set()
        await asyncio.wait_for(twice.wait(), 5)
        await asyncio.wait_for(dirty.drained(), 5)
    assert (runs, most) == (2, 1)


async def test_nobody_works_before_he_may() -> None:
    dirty, gate, runs = Dirty(), asyncio.Event(), []
    ran = asyncio.Event()

    async def settle(key: str) -> None:
        runs.append(key)
        ran.set()

    async def may_work() -> None:
        await gate.wait()

    dirty.add("a")
    task = asyncio.create_task(dirty.work(settle, may_work))
    await asyncio.sleep(0)
    assert runs == []
    gate.set()
    await asyncio.wait_for(ran.wait(), 5)
    task.cancel()


@pytest.mark.parametrize(("failures", "pause"), [(1, 1.0), (2, 2.0), (4, 8.0), (30, 300.0)])
def test_the_pause_grows_with_failures_and_has_an_end(failures: int, pause: float) -> None:
    dirty = Dirty()
    for _ in range(failures - 1):
        dirty.failed("a")
    assert dirty.failed("a") == pause
    dirty.succeeded("a")
    assert dirty.failed("a") == 1.0


def test_the_pause_of_an_outage_ends_sooner() -> None:
    dirty = Dirty()
    for _ in range(20):
        dirty.failed("a")
    assert dirty.failed("a", 15.0) == 15.0


async def test_a_closed_set_begins_nothing_new() -> None:
    dirty = Dirty()
    dirty.close()
    dirty.add("a")

    async def settle(_: str) -> None:
        raise AssertionError("closed")

    async with workers(dirty, settle):
        await asyncio.wait_for(dirty.drained(), 5)


async def test_what_waits_for_the_lease_stays_in_the_queue() -> None:
    dirty, leading = Dirty(), asyncio.Event()

    async def wait_for_it() -> None:
        await leading.wait()

    async def settle(key: str) -> None:
        return None

    worker = asyncio.create_task(dirty.work(settle, wait_for_it))
    await asyncio.sleep(0)
    dirty.add("a")
    await asyncio.sleep(0)
    assert REGISTRY.get_sample_value("usecase_reconcile_queue_length") == 1
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
