"""Whether a restart would help: where one watch died by itself, or an end hangs, not where the API server is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from usecase_operator.health import STALE_SECONDS, Health


@dataclass
class Watch:
    url: str
    age: float = 0.0
    lost: bool = False
    synced: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.mark.parametrize(
    ("ages", "status"),
    [
        pytest.param([1.0, 2.0], 200, id="all-fresh"),
        pytest.param([1.0, STALE_SECONDS + 1], 503, id="one-died"),
        pytest.param([STALE_SECONDS + 1] * 2, 200, id="nobody-answers"),
    ],
)
async def test_a_restart_is_asked_for_where_it_helps(ages: list[float], status: int) -> None:
    watches = [Watch(f"/w{number}", age) for number, age in enumerate(ages)]
    async with (
        served(Health(lambda: watches)) as url,  # type: ignore[arg-type, return-value]
        aiohttp.ClientSession() as session,
        session.get(f"{url}/healthz") as response,
    ):
        assert response.status == status
        assert set((await response.json())["stale"]) == {each.url for each in watches if each.age > STALE_SECONDS}


async def test_a_watch_that_is_lost_is_no_reason_to_restart_nor_to_wait() -> None:
    """As where one of the namespaces that are served is gone: the others go on."""
    heard, lost = Watch("/heard"), Watch("/lost", age=STALE_SECONDS + 1, lost=True)
    health = Health(lambda: [heard, lost])  # type: ignore[list-item]
    health.started = True
    async with served(health) as url, aiohttp.ClientSession() as session:
        assert await status_of(session, f"{url}/healthz") == 200
        assert await status_of(session, f"{url}/readyz") == 503
        heard.synced.set()
        assert await status_of(session, f"{url}/readyz") == 200


async def test_who_may_watch_nothing_at_all_is_not_ready() -> None:
    """Its rights are missing: `helm --wait` has to say so."""
    lost = Watch("/lost", lost=True)
    lost.synced.set()
    health = Health(lambda: [lost])  # type: ignore[list-item]
    health.started = True
    async with served(health) as url, aiohttp.ClientSession() as session:
        assert await status_of(session, f"{url}/readyz") == 503


async def test_a_process_that_ends_is_neither_healthy_nor_ready() -> None:
    health = Health(list)
    health.started = True
    async with served(health) as url, aiohttp.ClientSession() as session:
        assert [await status_of(session, f"{url}/{each}") for each in ("healthz", "readyz")] == [200, 200]
        health.ending = True
        assert [await status_of(session, f"{url}/{each}") for each in ("healthz", "readyz")] == [503, 503]


async def status_of(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as response:
        return response.status


@asynccontextmanager
async def served(health: Health) -> AsyncIterator[str]:
    runner = await health.serve(0)
    try:
        (port,) = [each[1] for each in runner.addresses if len(each) == 2]  # IPv4's; IPv6 has four parts
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
