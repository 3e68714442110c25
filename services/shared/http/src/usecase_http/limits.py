"""Back-pressure in front of an app: so many requests in work, so many waiting in order, the rest told to come
back.
"""

import asyncio

from usecase_http.problem import Problem, refuse
from usecase_runtime.server import App, Receive, Scope, Send

WAITING = 500
PATIENCE_SECONDS = 1.0
BODY_BYTES = 64 * 1024


def limited(
    app: App, in_work: int, *,
    waiting: int = WAITING, patience: float = PATIENCE_SECONDS, body_bytes: int = BODY_BYTES,
) -> App:  # fmt: skip
    """Let `in_work` requests (`MAX_CONCURRENT_REQUESTS`) into `app`; the next `waiting` wait up to `patience`
    seconds in order of arrival; everybody else gets 503 with `Retry-After: 1` (design §7). `/health` passes
    freely.
    """
    slots, queued = asyncio.Semaphore(in_work), 0

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal queued
        if scope["path"] == "/health":
            return await app(scope, receive, send)
        headers = dict(scope["headers"])
        if b"transfer-encoding" in headers:
            return await refuse(send, Problem(411, "announce the body's length by Content-Length"))
        if int(headers.get(b"content-length", 0)) > body_bytes:
            return await refuse(send, Problem(413, f"the body may have {body_bytes} bytes"))
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
