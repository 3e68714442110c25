"""The ops port: alive, ready, metrics."""

import asyncio

import pytest

from unit.services.runtime.asgi import calling
from usecase_runtime import ops
from usecase_runtime.ops import Readiness, ops_app


async def test_ready_means_that_every_part_is_up() -> None:
    readiness = Readiness("process", "consumer")
    assert await readiness.missing() == {"process": "not yet", "consumer": "not yet"}
    readiness.up("process")
    readiness.up("consumer")
    assert await readiness.missing() == {}
    readiness.down("consumer", "the broker closed the channel")
    assert await readiness.missing() == {"consumer": "the broker closed the channel"}


async def test_a_probe_is_asked_each_time() -> None:
    readiness, answers = Readiness(), iter([ConnectionError("refused"), None])

    async def ping() -> None:
        if error := next(answers):
            raise error

    readiness.probe("database", ping)
    assert await readiness.missing() == {"database": "ConnectionError: refused"}
    assert await readiness.missing() == {}


async def test_a_probe_that_hangs_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "PROBE_SECONDS", 0)
    readiness = Readiness()
    readiness.probe("database", asyncio.Event().wait)
    assert await readiness.missing() == {"database": "TimeoutError: "}


async def test_alive_while_not_ready() -> None:
    readiness = Readiness("process")
    async with calling(ops_app(readiness, metrics=True)) as client:
        assert (await client.get("/healthz")).status_code == 200
        refused = await client.get("/readyz")
        assert (refused.status_code, refused.json()["missing"]) == (503, {"process": "not yet"})
        readiness.up("process")
        assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize(("metrics", "status"), [(True, 200), (False, 404)])
async def test_metrics_are_served_when_wanted(metrics: bool, status: int) -> None:
    async with calling(ops_app(Readiness(), metrics=metrics)) as client:
        assert (await client.get("/metrics")).status_code == status
        assert (await client.get("/anything")).status_code == 404
