"""Use cases with messaging on KWOK nodes and a real broker: requests of each, and how soon what happens is seen."""

import asyncio
import time
from typing import Any

import aiohttp
import httpx

from bench.operator import api, subjects
from bench.operator.scale import spread
from bench.operator.seen import Holds
from integration.management import KEPT
from integration.operator.broker_access import connection_to
from integration.operator.operator_process import OperatorProcess
from integration.operator.stage import Stage, infrastructure

USECASES = 20
MANY = 50
BROKER_SECONDS = 60.0
SEEDED = 1  # components of `subjects.talking` whose number is not 1

Json = dict[str, Any]


async def measure(session: aiohttp.ClientSession, stage: Stage) -> Json:
    (world,) = stage.worlds
    namespace, names = world.namespace, [f"t{number}" for number in range(USECASES)]
    more = [f"m{number}" for number in range(MANY - USECASES)]
    broker = infrastructure(stage.rabbitmq)
    ready, up, moments = Holds("Ready"), {}, {}

    def usecase(type_: str, obj: Json, moment: float) -> None:
        known = set(ready.names)
        ready.seen(type_, obj, moment)
        for name in ready.names - known:
            moments[name] = moment

    def deployment(type_: str, obj: Json, moment: float) -> None:
        name, status = obj["metadata"]["name"], obj.get("status", {})
        if name not in up and status.get("readyReplicas", 0) == obj["spec"]["replicas"]:
            up[name] = moment

    async with api.watching(session, "UseCase", namespace, usecase):
        async with api.watching(session, "Deployment", namespace, deployment):
            before = await api.written(session)
            await api.create(session, "UseCase", [subjects.talking(namespace, each, broker) for each in names])
            await api.until(lambda: ready.names >= set(names), 180, "all are Ready")
            writes = ((await api.written(session)) - before).total() / USECASES
        events = await api.told(session, namespace) / USECASES
        drift = await _broker_drift(stage, namespace, names)
        few = await broker_requests(stage.operator, BROKER_SECONDS)
        await api.create(session, "UseCase", [subjects.talking(namespace, each, broker) for each in more])
        await api.until(lambda: ready.names >= {*names, *more}, 180, "all are Ready")
        many = await broker_requests(stage.operator, BROKER_SECONDS)
    children = len(stage.state(world, names[0])) - 7  # without the sections of the broker
    late = [moments[each] - max(up[f"{each}-{part}"] for part in ("data", "web", "worker")) for each in names]
    return {
        "use cases": USECASES,
        "children": children,
        "writes of a use case": writes,
        "writes allowed": children + 2 * SEEDED + 8,
        "Events of a use case": events,
        "ready after last child": spread([max(0.0, each) * 1000 for each in late]),
        "broker drift": drift,
        f"broker requests a minute at {USECASES}": few,
        f"broker requests a minute at {MANY}": many,
    }


async def broker_requests(operator: OperatorProcess, seconds: float) -> float:
    """Requests a minute to the broker, over *seconds* that begin when nothing has been declared for two seconds."""

    def count(pattern: str = "") -> float:
        return operator.metric(f"usecase_broker_request_seconds_count{pattern}")

    since, writes = time.perf_counter(), count(r'\{.*method="P')
    while time.perf_counter() - since < 2:
        await asyncio.sleep(0.25)
        if (now := count(r'\{.*method="P')) != writes:
            since, writes = time.perf_counter(), now
    before = count()
    await asyncio.sleep(seconds)
    return (count() - before) * 60 / seconds


async def _broker_drift(stage: Stage, namespace: str, names: list[str]) -> Json:
    """Milliseconds until a queue that was deleted is back."""
    connection, took = connection_to(stage.rabbitmq), []
    auth = (connection.username, connection.password)
    async with httpx.AsyncClient(base_url=f"{connection.management}/api/", auth=auth, limits=KEPT) as management:
        for name in names:
            queue = f"queues/{namespace}.{name}/orders"
            (await management.delete(queue)).raise_for_status()
            began = time.perf_counter()
            while (await management.get(f"{queue}?disable_stats=true")).status_code != 200:
                assert time.perf_counter() - began < 30, f"{queue} does not come back"
                await asyncio.sleep(0.1)
            took.append((time.perf_counter() - began) * 1000)
    return spread(took)
