"""Use cases with messaging on KWOK nodes and a real broker: requests of each, and how soon what happens is seen."""

import asyncio
import time
from typing import Any

import aiohttp
import httpx

from bench.operator import api, subjects
from bench.operator.scale import Ready, spread
from integration.operator.broker_access import connection_to
from integration.operator.stage import Stage, infrastructure

USECASES = 20
BROKER_SECONDS = 30.0
SEEDED = 1  # components of `subjects.talking` whose number is not 1

Json = dict[str, Any]


async def measure(session: aiohttp.ClientSession, stage: Stage) -> Json:
    (world,) = stage.worlds
    namespace, names = world.namespace, [f"t{number}" for number in range(USECASES)]
    broker, operator = infrastructure(stage.rabbitmq), stage.operator
    ready, up, moments = Ready(), {}, {}

    def usecase(type_: str, obj: Json, moment: float) -> None:
        known = set(ready.names)
        ready.seen(type_, obj, moment)
        for name in ready.names - known:
            moments[name] = moment

    def deployment(type_: str, obj: Json, moment: float) -> None:
        name, status = obj["metadata"]["name"], obj.get("status", {})
        if name not in up and status.get("readyReplicas", 0) == obj["spec"]["replicas"]:
            up[name] = moment

    async with (
        api.watching(session, "UseCase", namespace, usecase),
        api.watching(session, "Deployment", namespace, deployment),
    ):
        before = operator.writes()
        await api.create(session, "UseCase", [subjects.talking(namespace, each, broker) for each in names])
        await api.until(lambda: ready.names >= set(names), 180, "all are Ready")
        writes = (operator.writes() - before) / USECASES
    children = len(stage.state(world, names[0])) - 7  # without the sections of the broker
    late = [moments[each] - max(up[f"{each}-{part}"] for part in ("data", "web", "worker")) for each in names]
    return {
        "use cases": USECASES,
        "children": children,
        "writes of a use case": writes,
        "writes allowed": children + 2 * SEEDED + 8,
        "ready after last child": spread([max(0.0, each) * 1000 for each in late]),
        "broker drift": await _broker_drift(stage, namespace, names),
        "broker requests a minute": await _broker_requests(stage),
    }


async def _broker_drift(stage: Stage, namespace: str, names: list[str]) -> Json:
    """Milliseconds until a queue that was deleted is back."""
    connection, took = connection_to(stage.rabbitmq), []
    auth = (connection.username, connection.password)
    async with httpx.AsyncClient(base_url=f"{connection.management}/api/", auth=auth) as management:
        for name in names:
            queue = f"queues/{namespace}.{name}/orders"
            (await management.delete(queue)).raise_for_status()
            began = time.perf_counter()
            while (await management.get(f"{queue}?disable_stats=true")).status_code != 200:
                assert time.perf_counter() - began < 30, f"{queue} does not come back"
                await asyncio.sleep(0.1)
            took.append((time.perf_counter() - began) * 1000)
    return spread(took)


async def _broker_requests(stage: Stage) -> float:
    def count() -> float:
        return stage.operator.metric("usecase_broker_request_seconds_count")

    before = count()
    await asyncio.sleep(BROKER_SECONDS)
    return (count() - before) * 60 / BROKER_SECONDS
