"""Rate, writes, memory and idle cost at SIZE use cases, against a floor that is measured before and after.

In two halves, so that growth is a difference; each half is made while the operator is away, which then finds it.
"""

import asyncio
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.operator import api, subjects
from bench.operator.floor_applies import usecases_per_second
from integration.operator.operator_process import OperatorProcess

FLOOR_SIZE = 100
IDLE_SECONDS = 30.0
DRIFTS = 50
TICKS = os.sysconf("SC_CLK_TCK")

Json = dict[str, Any]


@dataclass
class Ready:
    """Which use cases are Ready, by a watch."""

    names: set[str] = field(default_factory=set)
    last: float = 0.0

    def seen(self, type_: str, obj: Json, moment: float) -> None:
        conditions = {each["type"]: each["status"] for each in obj.get("status", {}).get("conditions", ())}
        if conditions.get("Ready") == "True" and obj["metadata"]["name"] not in self.names:
            self.names.add(obj["metadata"]["name"])
            self.last = moment


async def measure(
    session: aiohttp.ClientSession, operator: OperatorProcess, served: str, floors: str, size: int
) -> Json:
    """*served*: the operator's namespace. *floors*: one it does not serve."""
    found: Json = {"size": size}
    rates, memory, floor = [], [], [await _floor(session, floors, "before")]
    ready = Ready()
    async with api.watching(session, "UseCase", served, ready.seen):
        for half in range(2):
            names = [f"u{half}-{number}" for number in range(size // 2)]
            made = [subjects.idle(served, each) for each in names]
            await api.create(session, "UseCase", made)
            counted = await api.applies(session)
            await asyncio.to_thread(operator.start)
            began = time.perf_counter()
            await api.until(lambda names=names: ready.names >= set(names), 60 + size, "all are Ready")  # type: ignore[misc]
            rates.append(len(names) / (ready.last - began))
            await _rest(session)
            found["applies of a use case"] = (await api.applies(session) - counted) / len(names)
            peak = _kib(operator, "VmHWM")
            await asyncio.to_thread(operator.stop)
            await asyncio.to_thread(operator.start)
            await _rest(session)
            found["writes on restart"] = int(operator.writes())
            memory.append(_kib(operator, "VmRSS"))
            await _resync(session, served, ready, found, operator)
            await asyncio.to_thread(operator.stop) if half == 0 else None
        found["drift"] = await _drift(session, served)
        found["idle m cores"] = await _idle(operator)
    floor.append(await _floor(session, floors, "after"))
    await asyncio.to_thread(operator.stop)
    return found | {
        "floor": floor,
        "applies of a floor": len(
            subjects.applies(subjects.idle(floors, "x"), {"kind": "x", "metadata": {"uid": "x", "name": "x"}})
        ),
        "floor spread": (max(floor) - min(floor)) / statistics.mean(floor),
        "use cases per second": rates,
        "ratio": statistics.mean(rates) / statistics.mean(floor),
        "memory MiB": max(memory) / 1024,
        "memory peak MiB": peak / 1024,
        "growth KiB": (memory[1] - memory[0]) / (size // 2),
    }


async def _floor(session: aiohttp.ClientSession, namespace: str, name: str) -> float:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
    async with session.post(f"/api/v1/namespaces/{namespace}/configmaps", json=owner) as answer:
        made = await answer.json()
    usecases = [subjects.applies(subjects.idle(namespace, f"{name}{each}"), made) for each in range(FLOOR_SIZE)]
    return await usecases_per_second(session, usecases)


async def _rest(session: aiohttp.ClientSession) -> None:
    """Until the API server has counted no apply for two seconds."""
    since, counted = time.perf_counter(), await api.applies(session)
    while time.perf_counter() - since < 2:
        await asyncio.sleep(0.25)
        if (now := await api.applies(session)) != counted:
            since, counted = time.perf_counter(), now


async def _resync(
    session: aiohttp.ClientSession, namespace: str, ready: Ready, found: Json, operator: OperatorProcess
) -> None:
    """Every use case gets an annotation that means nothing: a pass over each."""
    before, passes = operator.writes(), operator.metric("usecase_reconciles_total")
    for name in ready.names:
        await api.patch(session, "UseCase", namespace, name, {"metadata": {"annotations": {"bench": str(before)}}})
    await api.until(
        lambda: operator.metric("usecase_reconciles_total") >= passes + len(ready.names), 60, "a pass over each"
    )
    found["writes on resync"] = int(operator.writes() - before)


async def _drift(session: aiohttp.ClientSession, namespace: str) -> Json:
    """Milliseconds until a Service that was deleted is back."""
    back: dict[str, float] = {}

    def seen(type_: str, obj: Json, moment: float) -> None:
        if type_ == "ADDED":
            back[obj["metadata"]["name"]] = moment

    took = []
    async with api.watching(session, "Service", namespace, seen):
        for name in sorted(back)[:DRIFTS]:
            del back[name]
            began = time.perf_counter()
            await api.delete(session, "Service", namespace, name)
            await api.until(lambda name=name: name in back, 10, f"{name} is back")  # type: ignore[misc]
            took.append((back[name] - began) * 1000)
    return spread(took)


async def _idle(operator: OperatorProcess) -> float:
    before = _cpu(operator)
    await asyncio.sleep(IDLE_SECONDS)
    return (_cpu(operator) - before) / IDLE_SECONDS * 1000


def spread(milliseconds: list[float]) -> Json:
    ordered = sorted(milliseconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"n": len(ordered), "median ms": statistics.median(ordered), "p99 ms": p99}


def _cpu(operator: OperatorProcess) -> float:
    fields = Path(f"/proc/{operator.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _kib(operator: OperatorProcess, name: str) -> int:
    lines = Path(f"/proc/{operator.pid}/status").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith(name))
