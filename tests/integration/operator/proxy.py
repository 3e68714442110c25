"""A server between the operator and one it speaks to: counts its writes, ends it at one of them, spoils answers.

Plain HTTP on loopback, forwarded with the caller's own credentials to the API server or to a broker's management API.
It runs in a thread, so that tests stay plain; what happens to a request is decided by `Writes` and `Faults`.
"""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import aiohttp
from aiohttp import web

LINE_BYTES = 2**21
# Renewals follow the clock, not the work: they count for nothing.
NOT_COUNTED = ("/leases",)
REFUSALS = {409: "Conflict", 429: "TooManyRequests", 500: "InternalError"}
EXPIRED = b'{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410}}\n'


@dataclass
class Writes:
    """Counts what arrives at the real servers. *strike* is called after write number *at*, before it is answered."""

    count: int = 0
    at: int | None = None
    strike: Callable[[], object] = lambda: None
    struck: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def arm(self, at: int | None) -> None:
        with self._lock:
            self.count, self.at = 0, at
            self.struck.clear()

    def disarm(self) -> bool:
        """No strike from here on. Whether there was one: none falls between the two."""
        with self._lock:
            self.at = None
            return self.struck.is_set()

    def done(self) -> None:
        with self._lock:
            self.count += 1
            if self.count == self.at:
                self.strike()
                self.struck.set()


@dataclass
class Faults:
    """What goes wrong while *active*: *share* of the requests and of the events of a watch, by a seeded dice.

    *losing*: paths of which the next request gets no answer, whether *active* or not.
    """

    random: Random
    share: float = 0.2
    active: bool = False
    spoiled: dict[str, int] = field(default_factory=dict)
    losing: set[str] = field(default_factory=set)

    def loses(self, path: str) -> bool:
        found = path in self.losing
        self.losing.discard(path)
        return found

    def draw(self, *kinds: str) -> str | None:
        if not self.active or self.random.random() >= self.share:
            return None
        kind = self.random.choice(kinds)
        self.spoiled[kind] = self.spoiled.get(kind, 0) + 1
        return kind


class Proxy:
    """Used as a context; `url` is where the operator finds it."""

    def __init__(self, upstream: str, writes: Writes, faults: Faults | None = None, tls: ssl.SSLContext | bool = True):
        self._upstream = upstream.rstrip("/")
        self._tls = tls
        self._writes = writes
        self._faults = faults or Faults(Random(0))
        self._stalled: set[asyncio.Task[object]] = set()
        self._watches: set[asyncio.Task[object]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> "Proxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def stall_watches(self) -> int:
        """Every open watch falls silent for good, as behind a network that drops. How many there were."""
        self._stalled |= self._watches
        return len(self._watches)

    async def _start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._tls), read_bufsize=LINE_BYTES, auto_decompress=False
        )
        app = web.Application(client_max_size=LINE_BYTES * 8)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch"):
            refused = self._faults.draw("429", "500")
            return _refusal(int(refused)) if refused else await self._watch(request)
        write = request.method != "GET"
        fault = self._faults.draw("409", "429", "500", "lost request", "lost answer")
        if fault == "lost request" or self._faults.loses(request.path):
            await asyncio.Event().wait()
        if fault in ("429", "500") or (fault == "409" and write):
            return _refusal(int(fault))
        answer = await self._forward(request)
        if write and not any(each in request.path for each in NOT_COUNTED):
            self._writes.done()
        if fault == "lost answer":
            await asyncio.Event().wait()
        return answer

    async def _forward(self, request: web.Request) -> web.Response:
        async with self._session.request(
            request.method,
            f"{self._upstream}{request.rel_url.raw_path_qs}",
            # No body at all where there is none: a type would be made up for it, which the API server refuses.
            data=await request.read() or None,
            headers=_passed_on(request),
        ) as found:
            return web.Response(status=found.status, body=await found.read(), headers=_shown(found))

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task
        self._watches.add(task)
        try:
            async with self._session.get(
                f"{self._upstream}{request.rel_url.raw_path_qs}",
                headers=_passed_on(request),
                timeout=aiohttp.ClientTimeout(total=None),
            ) as found:
                if found.status != 200:
                    return web.Response(status=found.status, body=await found.read(), headers=_shown(found))
                answer = web.StreamResponse(headers=_shown(found))
                await answer.prepare(request)
                await self._stream(found, answer, task)
                return answer
        finally:
            self._watches.discard(task)
            self._stalled.discard(task)

    async def _stream(
        self, found: aiohttp.ClientResponse, answer: web.StreamResponse, task: asyncio.Task[object]
    ) -> None:
        """Line by line, until either side ends it. A dropped event ends the stream, as a cut connection does."""
        earlier: bytes | None = None
        async for line in found.content:
            if task in self._stalled:
                await asyncio.Event().wait()
            fault = self._faults.draw("dropped event", "stale event", "expired")
            if fault == "expired":
                await answer.write(EXPIRED)
            if fault in ("dropped event", "expired"):
                return
            await answer.write(line)
            if fault == "stale event" and earlier:
                await answer.write(earlier)
            earlier = line


def _passed_on(request: web.Request) -> dict[str, str]:
    names = ("Authorization", "Content-Type", "Accept")
    # Nothing is unpacked here, so nothing may come packed.
    return {name: request.headers[name] for name in names if name in request.headers} | {"Accept-Encoding": "identity"}


def _shown(found: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: found.headers[name] for name in ("Content-Type", "Retry-After") if name in found.headers}


def _refusal(status: int) -> web.Response:
    body = {"kind": "Status", "status": "Failure", "reason": REFUSALS[status], "message": "spoiled", "code": status}
    headers = {"Retry-After": "1"} if status == 429 else {}
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", headers=headers)
