"""Back-pressure in front of an app: so many requests in work, so many waiting in order, the rest told to come
back.
"""

import asyncio

from usecase_http.problem import Problem, refuse
from usecase_runtime.server import App, Receive, Scope, Send

WAITING = 500
PATIENCE_SECONDS = 1.0
BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0


def limited(
    app: App, in_work: int, *,
    waiting: int = WAITING, patience: float = PATIENCE_SECONDS,
    body_bytes: int = BODY_BYTES, body_seconds: float = BODY_SECONDS,
) -> App:  # fmt: skip
    """Let `in_work` requests (`MAX_CONCURRENT_REQUESTS`) into `app`; the next `waiting` wait up to `patience`
    seconds in order of arrival; everybody else gets 503 with `Retry-After: 1` (design §7). `/health` passes
    freely. A body is here, in `body_seconds`, before its request counts: who sends slowly, and need not have said who
    he is, keeps nobody else waiting.
    """
    slots, queued = asyncio.Semaphore(in_work), 0

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal queued
        if scope["path"] == "/health":
            return await app(scope, receive, send)
        headers = dict(scope["headers"])
        if b"transfer-encoding" in headers:
            return await refuse(send, Problem(411, "announce the body's length by Content-Length"))
        if announced := int(headers.get(b"content-length", 0)):
            if announced > body_bytes:
                return await refuse(send, Problem(413, f"the body may have {body_bytes} bytes"))
            try:
                async with asyncio.timeout(body_seconds):
                    receive = _again(await _body(receive), receive)
            except TimeoutError:
                late = Problem(408, f"the body was not here in {body_seconds:g} s", retry_after=1)
                late.headers["connection"] = "close"  # the rest of the body is not waited for
                return await refuse(send, late)
            except ConnectionError:
                return await refuse(send, Problem(400, "the sender left before the body was complete"))
        if slots.locked():
            if queued >= waiting:
                return await refuse(send, Problem(503, "too many requests wait already", retry_after=1))
            queued += 1
            try:
                async with asyncio.timeout(patience):
                    await slots.acquire()
            except TimeoutError:
                return await refuse(send, Problem(503, f"no slot came free in {patience:g} s", retry_after=1))
            finally:
                queued -= 1
        else:
            await slots.acquire()
        try:
            await app(scope, receive, send)
        finally:
            slots.release()

    return gate


async def _body(receive: Receive) -> bytes:
    """All of the body. Raises ConnectionError if its sender leaves before."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What `receive` was before `body` was read from it."""
    given = False

    async def replay() -> Scope:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
