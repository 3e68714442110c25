"""The API server as the bench uses it: as admin, beside the operator's own way."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from cluster.fixtures import Cluster
from usecase_operator.cluster.access import from_kubeconfig
from usecase_operator.cluster.events import CONTROLLER
from usecase_operator.cluster.resources import CHILDREN, KEDA, PATHS, path

Json = dict[str, Any]
MERGE = "application/merge-patch+json"
LABEL = re.compile(r'(\w+)="([^"]*)"')
MADE = {PATHS[kind][1] for kind in (*CHILDREN, *KEDA, "Secret")}
OF_VERB = {"APPLY": {*MADE, "usecases/status"}, "PATCH": {"usecases"}}


@asynccontextmanager
async def admin(cluster: Cluster, folder: Any) -> AsyncIterator[aiohttp.ClientSession]:
    file = folder / "admin.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(cluster.kubectl("config", "view", "--raw", "--minify"))
    async with from_kubeconfig(file, cluster.context).session(64) as session:
        yield session


async def create(session: aiohttp.ClientSession, kind: str, objects: list[Json]) -> list[Json]:
    """Create *objects*, many at once."""
    limit = asyncio.Semaphore(16)

    async def one(obj: Json) -> Json:
        async with limit, session.post(path(kind, obj["metadata"]["namespace"]), json=obj) as answer:
            assert answer.status == 201, await answer.text()
            made: Json = await answer.json()
            return made

    return await asyncio.gather(*(one(each) for each in objects))


async def patch(session: aiohttp.ClientSession, kind: str, namespace: str, name: str, body: Json) -> None:
    async with session.patch(
        path(kind, namespace, name), data=json.dumps(body), headers={"Content-Type": MERGE}
    ) as answer:
        assert answer.status == 200, await answer.text()


async def delete(session: aiohttp.ClientSession, kind: str, namespace: str, name: str) -> None:
    async with session.delete(path(kind, namespace, name)) as answer:
        assert answer.status in (200, 202), await answer.text()


async def written(session: aiohttp.ClientSession) -> Counter[str]:
    """Requests that only the operator sends, as the API server has counted them: `VERB resource` → how many.

    Server-side applies, and patches of UseCases: controllers, kubelets and KWOK send none of these, the bench its own
    annotations only. Deletions are left out: the garbage collector sends them too.
    """
    found: Counter[str] = Counter()
    async with session.get("/metrics") as answer:
        for line in (await answer.text()).splitlines():
            if line.startswith("apiserver_request_total{"):
                labels, count = dict(LABEL.findall(line)), int(float(line.rpartition(" ")[2]))
                subresource = f"/{labels['subresource']}" if labels["subresource"] else ""
                resource = f"{labels['resource']}{subresource}"
                verb = labels["verb"]
                if resource in OF_VERB.get(verb, ()):
                    found[f"{verb} {resource}"] += count
    return found


async def told(session: aiohttp.ClientSession, namespace: str) -> int:
    """Kubernetes Events that the operator has posted in *namespace*, each repetition counted."""
    async with session.get(path("Event", namespace)) as answer:
        items = (await answer.json())["items"]
    ours = [each for each in items if each.get("reportingController") == CONTROLLER]
    return sum((each.get("series") or {}).get("count", 1) for each in ours)


@asynccontextmanager
async def watching(
    session: aiohttp.ClientSession, kind: str, namespace: str, seen: Callable[[str, Json, float], None]
) -> AsyncIterator[None]:
    """*seen*(type, object, moment) for every event while the block runs, what exists first."""
    started = asyncio.Event()

    async def watch() -> None:
        params = {"watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        params |= {"allowWatchBookmarks": "true"}
        async with session.get(path(kind, namespace), params=params, timeout=aiohttp.ClientTimeout(None)) as answer:
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                event, moment = orjson.loads(line), time.perf_counter()
                if event["type"] == "BOOKMARK":
                    started.set()
                else:
                    seen(event["type"], event["object"], moment)

    async with asyncio.TaskGroup() as group:  # a watch that ends by an error ends the block too
        task = group.create_task(watch())
        await started.wait()
        yield
        task.cancel()


async def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Looks every 20 ms."""
    deadline = time.perf_counter() + seconds
    while not holds():
        assert time.perf_counter() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)
