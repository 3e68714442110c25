"""Rate, writes, memory and idle cost at SIZE use cases, in rounds that take turns with a floor.

Each round's use cases are made while the operator is away, which then finds them; growth is the difference between
the first round and the last.
"""

import asyncio
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.operator import api, rounds, subjects
from bench.operator.floor_applies import usecases_per_second
from bench.operator.seen import Added, Holds
from integration.operator.operator_process import OperatorProcess

FLOOR_SIZE = 50
ROUNDS = 4
IDLE_SECONDS = 30.0
DRIFTS = 50
TICKS = os.sysconf("SC_CLK_TCK")

Json = dict[str, Any]


@dataclass
class Round:
    """What the watches of a round have seen: use cases Ready, the first child that was made, and the last."""

    ready: Holds
    begun: Added
    applied: Added


async def measure(
    session: aiohttp.ClientSession, operator: OperatorProcess, served: str, size: int, floors: str | None = None
) -> Json:
    """*served*: the operator's namespace. *floors*: one it does not serve; without it there is one round, and what
    depends on the clock is left out.
    """
    count = ROUNDS if floors else 1
    floor, found = [], []
    seen = Round(Holds("Ready"), Added(), Added())
    async with (
        api.watching(session, "UseCase", served, seen.ready.seen),
        api.watching(session, "ServiceAccount", served, seen.begun.seen),
        api.watching(session, "Deployment", served, seen.applied.seen),
    ):
        for number in range(count):
            if floors:
                floor.append(await _floor(session, floors, f"f{number}"))
            found.append(await _round(session, operator, served, f"u{number}-", size // count, seen))
        made = {
            "size": size,
            "writes of a use case": max(each["writes"] for each in found),
            "writes allowed": found[0]["writes allowed"],
            "Events of a use case": max(each["events"] for each in found),
            "writes on restart": max(each["writes on restart"] for each in found),
            "writes on resync": max(each["writes on resync"] for each in found),
            "memory MiB": max(each["KiB"] for each in found) / 1024,
            "memory peak MiB": max(each["peak KiB"] for each in found) / 1024,
        }
        if not floors:
            await asyncio.to_thread(operator.stop)
            return made
        floor.append(await _floor(session, floors, "last"))
        made |= {"drift": await _drift(session, served), "idle m cores": await _idle(operator)}
    await asyncio.to_thread(operator.stop)
    sent, done = zip(*floor, strict=True)
    applied, until_ready = ([each[rate] for each in found] for rate in ("applied", "ready"))
    applies = len(subjects.applies(subjects.idle(floors, "x"), {"kind": "x", "metadata": {"uid": "x", "name": "x"}}))
    return made | {
        "growth KiB": (found[-1]["KiB"] - found[0]["KiB"]) / (size - size // count),
        "floor applies a second": [each * applies for each in sent],
        **rounds.summary(sent, applied, applies),
        "until the controllers have done": rounds.summary(done, until_ready, applies),
    }


async def _round(
    session: aiohttp.ClientSession,
    operator: OperatorProcess,
    served: str,
    prefix: str,
    count: int,
    seen: Round,
) -> Json:
    """*count* more use cases: found, found again after a restart, and all looked at once more."""
    if operator.running:
        await asyncio.to_thread(operator.stop)
    names = [f"{prefix}{number}" for number in range(count)]
    ready, begun, applied = seen.ready, seen.begun, seen.applied
    begun.begin(prefix)
    applied.begin(prefix)
    await api.create(session, "UseCase", [subjects.idle(served, each) for each in names])
    before, told = await api.written(session), await api.told(session, served)
    await asyncio.to_thread(operator.start)
    await api.until(lambda: ready.names >= set(names), 60 + 2 * count, "all are Ready")
    await api.until(lambda: applied.count == count * subjects.COMPONENTS, 5, "all Deployments have been seen")
    after = await _rest(session)
    found = {
        "applied": count / (applied.last - begun.first),
        "ready": count / (ready.last - begun.first),
        "writes": (after - before).total() / count,
        "writes allowed": subjects.allowed(subjects.idle(served, prefix)),
        "events": (await api.told(session, served) - told) / count,
        "peak KiB": _kib(operator, "VmHWM"),
    }
    await asyncio.to_thread(operator.stop)
    await asyncio.to_thread(operator.start)
    restarted = await _rest(session)
    # Its own count has the deletions too.
    restart = max((restarted - after).total(), int(operator.writes()))
    found |= {"writes on restart": restart, "KiB": _kib(operator, "VmRSS")}
    return found | {"writes on resync": await _resync(session, served, ready, operator)}


async def _floor(session: aiohttp.ClientSession, namespace: str, name: str) -> tuple[float, float]:
    """Use cases a second: until all is sent, and until the controllers have done with it, as a Ready use case waits.

    After this nothing of it is left to do, which the next round would pay for.
    """
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
    async with session.post(f"/api/v1/namespaces/{namespace}/configmaps", json=owner) as answer:
        made = await answer.json()
    usecases = [subjects.applies(subjects.idle(namespace, f"{name}-{each}"), made) for each in range(FLOOR_SIZE)]
    began, available = time.perf_counter(), Holds("Available", f"{name}-")
    sent = await usecases_per_second(session, usecases)
    async with api.watching(session, "Deployment", namespace, available.seen):
        wanted = FLOOR_SIZE * subjects.COMPONENTS
        await api.until(lambda: len(available.names) == wanted, 120, "all Deployments are Available")
    return sent, FLOOR_SIZE / (available.last - began)


async def _rest(session: aiohttp.ClientSession) -> Any:
    """Until the API server has counted no write of the operator for two seconds; what it has counted then."""
    since, counted = time.perf_counter(), await api.written(session)
    while time.perf_counter() - since < 2:
        await asyncio.sleep(0.5)
        if (now := await api.written(session)) != counted:
            since, counted = time.perf_counter(), now
    return counted


async def _resync(session: aiohttp.ClientSession, namespace: str, ready: Holds, operator: OperatorProcess) -> int:
    """Every use case gets an annotation that means nothing: a pass over each. The writes that follow."""
    before, own, passes = await api.written(session), operator.writes(), operator.metric("usecase_reconciles_total")
    for name in ready.names:
        await api.patch(session, "UseCase", namespace, name, {"metadata": {"annotations": {"bench": str(passes)}}})
    await api.until(
        lambda: operator.metric("usecase_reconciles_total") >= passes + len(ready.names), 60, "a pass over each"
    )
    after = await api.written(session)
    return max((after - before).total() - len(ready.names), int(operator.writes() - own))


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
