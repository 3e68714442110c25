"""A watch against a server of our own: the list is streamed, changes follow, interruptions lose nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from usecase_operator.cluster import reflector as module
from usecase_operator.cluster.reflector import Reflector

Json = dict[str, Any]
END = {"k8s.io/initial-events-end": "true"}


def obj(name: str, version: int) -> Json:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": str(version)}}


def event(type_: str, name: str = "", version: int = 1, **annotations: str) -> Json:
    found = obj(name, version)
    found["metadata"]["annotations"] = annotations
    return {"type": type_, "object": found}


class Kept:
    """A sink that keeps names; *changed* is set at each change."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.lists = 0

    def put(self, obj: Json) -> None:
        self.names.add(obj["metadata"]["uid"])

    def remove(self, obj: Json) -> None:
        self.names.discard(obj["metadata"]["uid"])

    def keep_only(self, uids: set[str]) -> None:
        self.names &= uids
        self.lists += 1


@asynccontextmanager
async def watching(*answers: list[Json] | int, **options: Any) -> AsyncIterator[tuple[Kept, Reflector, list[Json]]]:
    """A reflector on a server that gives *answers* in turn (a status, or lines), and then hangs."""
    asked: list[Json] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(dict(request.query))
        answer = answers[len(asked) - 1] if len(asked) <= len(answers) else []
        if isinstance(answer, int):
            return web.Response(status=answer)
        response = web.StreamResponse()
        await response.prepare(request)
        for line in answer:
            await response.write(orjson.dumps(line) + b"\n")
        if len(asked) >= len(answers):
            await asyncio.Event().wait()
        return response

    app = web.Application()
    app.router.add_get("/things", serve)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    sink = Kept()
    async with aiohttp.ClientSession(base_url=f"http://127.0.0.1:{port}", read_bufsize=2**21) as session:
        reflector = Reflector(session, "/things", sink, **options)
        task = asyncio.create_task(reflector.run())
        yield sink, reflector, asked
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await runner.cleanup()


async def until(check: Callable[[], bool]) -> None:
    for _ in range(1000):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within ten seconds")


async def test_the_list_is_streamed_and_then_followed() -> None:
    lines = [event("ADDED", "a"), event("ADDED", "b"), event("BOOKMARK", version=5, **END), event("DELETED", "a", 6)]
    async with watching(lines, selector="mine=yes") as (sink, reflector, asked):
        await until(lambda: sink.names == {"b"})
        assert reflector.synced.is_set()
    assert asked[0]["sendInitialEvents"] == "true"
    assert asked[0]["labelSelector"] == "mine=yes"


async def test_an_ordinary_bookmark_does_not_end_the_list() -> None:
    async with watching([event("ADDED", "a"), event("BOOKMARK", version=2)]) as (sink, reflector, _):
        await until(lambda: sink.names == {"a"})
        assert not reflector.synced.is_set()


async def test_an_interrupted_watch_goes_on_where_it_was() -> None:
    first = [event("ADDED", "a"), event("BOOKMARK", version=5, **END), event("ADDED", "b", 6)]
    async with watching(first, [event("ADDED", "c", 7)]) as (sink, _, asked):
        await until(lambda: sink.names == {"a", "b", "c"})
    assert asked[1]["resourceVersion"] == "6"
    assert "sendInitialEvents" not in asked[1]


async def test_a_version_that_is_too_old_means_a_new_list_that_drops_what_is_gone() -> None:
    first = [event("ADDED", "a"), event("ADDED", "b"), event("BOOKMARK", version=5, **END)]
    gone = [{"type": "ERROR", "object": {"code": 410}}]
    again = [event("ADDED", "b"), event("BOOKMARK", version=9, **END)]
    async with watching(first, gone, again) as (sink, _, asked):
        await until(lambda: sink.lists == 2)
        assert sink.names == {"b"}
    assert asked[2]["sendInitialEvents"] == "true"


async def test_a_server_that_forbids_for_a_moment_empties_nothing() -> None:
    """As one does that has just started and does not know its roles yet (kubernetes#121635)."""
    told: list[bool] = []
    first = [event("ADDED", "a"), event("BOOKMARK", version=5, **END)]
    async with watching(first, 403, [event("ADDED", "b", 6)], absent={404}, available=told.append) as found:
        sink, reflector, asked = found
        await until(lambda: sink.names == {"a", "b"})
        assert (reflector.refused, told, sink.lists) == (None, [], 1)
    assert asked[2]["resourceVersion"] == "5"


async def test_a_mirror_that_was_never_filled_waits_for_a_server_that_forbids() -> None:
    async with watching(403, [event("ADDED", "a")], absent={404}) as (sink, reflector, _asked):
        await until(lambda: sink.names == {"a"})
        assert not reflector.synced.is_set()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is lost is asked for at once."""
    monkeypatch.setattr(module, "ABSENT_SECONDS", 0.1)


@pytest.mark.usefixtures("soon")
async def test_a_watch_that_stays_forbidden_is_lost_until_it_is_allowed() -> None:
    told: list[tuple[bool, bool]] = []

    def look() -> None:
        told.append((reflector.lost, reflector.synced.is_set()))

    allowed = [event("ADDED", "a"), event("BOOKMARK", version=5, **END)]
    async with watching(403, allowed, patience=0.0, changed=look) as (sink, reflector, _asked):
        await until(lambda: reflector.lost)
        await until(lambda: sink.names == {"a"})
        assert told == [(True, False), (False, False), (False, True)]


@pytest.mark.parametrize("patience", [None, 60.0])
async def test_a_server_that_forbids_for_a_moment_loses_nobody(patience: float | None) -> None:
    async with watching(403, 403, [event("ADDED", "a")], patience=patience) as (sink, reflector, _asked):
        await until(lambda: sink.names == {"a"})
        assert not reflector.lost


async def test_a_kind_that_the_server_does_not_know_is_told_and_holds_nobody_up() -> None:
    told: list[bool] = []
    async with watching(404, absent={404}, available=told.append) as (_, reflector, _asked):
        await until(lambda: reflector.synced.is_set())
    assert told == [False]
    assert reflector.refused == 404


async def test_an_object_of_a_megabyte_is_one_line() -> None:
    big = event("ADDED", "big")
    big["object"]["data"] = "x" * 2**20
    async with watching([big, event("BOOKMARK", version=5, **END)]) as (sink, _, _asked):
        await until(lambda: sink.names == {"big"})
