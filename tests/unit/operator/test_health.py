"""Whether a restart would help: where one watch died by itself, not where the API server is away."""

from dataclasses import dataclass

import aiohttp
import pytest

from usecase_operator.health import STALE_SECONDS, Health


@dataclass
class Watch:
    url: str
    age: float


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
    runner = await Health(lambda: watches).serve(0)  # type: ignore[arg-type, return-value]
    try:
        (port,) = [each[1] for each in runner.addresses if len(each) == 2]  # IPv4's; IPv6 has four parts
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as response:
            assert response.status == status
            assert set((await response.json())["stale"]) == {each.url for each in watches if each.age > STALE_SECONDS}
    finally:
        await runner.cleanup()
