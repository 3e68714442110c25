"""Back-pressure: so many in work, so many waiting in order, the rest told to come back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from unit.services.runtime.asgi import answering, calling
from usecase_http.limits import limited
from usecase_runtime.server import App, Receive, Scope, Send, serving

SLOW_SENDERS = 50


class Held:
    """An app whose requests stay in work until they are let go, and which knows the order they came in."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.go = asyncio.Semaphore(0)
        self.came = asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.came:
            self.paths.append(scope["path"])
            self.came.notify_all()
        await self.go.acquire()
        await answering(200)(scope, receive, send)

    async def until(self, count: int) -> None:
        async with self.came, asyncio.timeout(5):
            await self.came.wait_for(lambda: len(self.paths) >= count)


async def call(app: App, path: str) -> int:
    """The status of one GET."""
    async with calling(app) as client:
        return (await client.get(path)).status_code


async def turns(count: int = 20) -> None:
    """Let everything that can run, run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_waiting_requests_come_in_in_their_order() -> None:
    held = Held()
    app = limited(held, 1, patience=60)
    calls = []
    for number in range(4):
        calls.append(asyncio.create_task(call(app, f"/{number}")))
        await turns()
    assert held.paths == ["/0"]
    for _ in calls:
        held.go.release()
    assert [await each for each in calls] == [200] * 4
    assert held.paths == ["/0", "/1", "/2", "/3"]


async def test_who_finds_the_queue_full_is_told_to_come_back() -> None:
    held = Held()
    app = limited(held, 1, waiting=1, patience=60)
    kept = []
    for number in range(2):
        kept.append(asyncio.create_task(call(app, f"/{number}")))
        await turns()
    async with calling(app) as client:
        refused = await client.get("/2")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    held.go.release()
    held.go.release()
    assert [await each for each in kept] == [200, 200]


async def test_patience_ends() -> None:
    held = Held()
    app = limited(held, 1, patience=0)
    first = asyncio.create_task(call(app, "/first"))
    await held.until(1)
    assert await call(app, "/second") == 503
    held.go.release()
    assert await first == 200
    held.go.release()
    assert await call(app, "/third") == 200


async def test_a_request_that_is_cancelled_gives_its_slot_back() -> None:
    held = Held()
    app = limited(held, 1, patience=0)
    first = asyncio.create_task(call(app, "/first"))
    await held.until(1)
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    held.go.release()
    assert await call(app, "/second") == 200


async def test_health_needs_no_slot() -> None:
    held = Held()
    app = limited(held, 1, patience=0)
    first = asyncio.create_task(call(app, "/work"))
    await held.until(1)
    held.go.release()
    held.go.release()
    assert await call(app, "/health") == 200
    await first


@pytest.mark.parametrize(("length", "status"), [(10, 200), (11, 413)], ids=["as large as allowed", "one byte more"])
async def test_a_body_has_a_limit(length: int, status: int) -> None:
    async with calling(limited(answering(200), 1, body_bytes=10)) as client:
        assert (await client.post("/", content=b"x" * length)).status_code == status


async def test_a_body_of_unknown_length_is_refused() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    async with calling(limited(answering(200), 1)) as client:
        assert (await client.post("/", content=chunks())).status_code == 411


class Door:
    """Counts who has come to `app`, however far they got."""

    def __init__(self, app: App) -> None:
        self.app, self.count, self.came = app, 0, asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.came:
            self.count += 1
            self.came.notify_all()
        await self.app(scope, receive, send)

    async def until(self, count: int) -> None:
        async with self.came, asyncio.timeout(5):
            await self.came.wait_for(lambda: self.count >= count)
        await turns()


async def echoing(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that answers what it was sent, and after that finds that nothing more comes."""
    message = await receive()
    assert not message["more_body"]
    await answering(200, message["body"])(scope, receive, send)
    assert (await receive())["type"] == "http.disconnect"


@contextlib.asynccontextmanager
async def sending(
    port: int, head: str, body: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a real server on which this much of a POST has been sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /tasks HTTP/1.1\r\nhost: app\r\n{head}\r\n\r\n".encode() + body)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def test_who_sends_a_body_slowly_keeps_nobody_else_waiting() -> None:
    door = Door(limited(echoing, SLOW_SENDERS, patience=0))
    async with serving(door, 0, host="127.0.0.1") as port, contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(sending(port, "content-length: 4", b"sl")) for _ in range(SLOW_SENDERS)]
        await door.until(SLOW_SENDERS)
        async with sending(port, "content-length: 5", b"quick") as (reader, _):
            assert await reader.readuntil(b"quick")
        for reader, writer in slow:
            writer.write(b"ow")
            assert (await reader.readuntil(b"slow")).startswith(b"HTTP/1.1 200")


async def test_a_body_that_takes_too_long_is_a_408_that_ends_the_connection() -> None:
    app = limited(answering(200), 1, body_seconds=0.01)
    async with serving(app, 0, host="127.0.0.1") as port, sending(port, "content-length: 4", b"sl") as (reader, _):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"retry-after: 1" in answer
    assert b"application/problem+json" in answer


async def test_who_leaves_before_the_body_is_complete_is_no_failure_of_ours() -> None:
    statuses = asyncio.Queue[int]()

    async def remembering(scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Scope) -> None:
            if message["type"] == "http.response.start":
                statuses.put_nowait(message["status"])
            await send(message)

        await limited(answering(200), 1)(scope, receive, noted)

    door = Door(remembering)
    async with serving(door, 0, host="127.0.0.1") as port:
        async with sending(port, "content-length: 4", b"sl"):
            await door.until(1)
        async with asyncio.timeout(5):
            assert await statuses.get() == 400


async def test_a_request_without_a_body_is_handed_on_untouched() -> None:
    given = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given.append(receive)
        await answering(200)(scope, receive, send)

    async def receive() -> Scope:
        raise AssertionError("nothing is to be read")

    async def send(_message: Scope) -> None:
        """Nobody listens."""

    await limited(app, 1)({"path": "/tasks", "headers": []}, receive, send)
    assert given == [receive]
