"""Load over HTTP that costs the two cores little: keep-alive connections, one request in flight on each.

No client library: at 64 in flight they cost as much CPU as the service that is measured.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True)
class Measured:
    """Requests answered 201 a second, and the time of the slowest 1 % in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float


class _Connection(asyncio.Protocol):
    """Sends its request again as soon as it is answered, until `ends`."""

    def __init__(self, request: bytes, ends: float) -> None:
        self._request, self._ends = request, ends
        self._buffer, self._sent_at = b"", 0.0
        self.seconds: list[float] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        fields = self._buffer[: head + 2].lower()
        start = fields.index(b"content-length: ") + len(b"content-length: ")
        length = int(fields[start : fields.index(b"\r", start)])
        if len(self._buffer) < head + 4 + length:
            return
        if not self._buffer.startswith(b"HTTP/1.1 201 "):
            return self._end(RuntimeError(f"not a 201: {self._buffer[:500]!r}"))
        self.seconds.append(time.perf_counter() - self._sent_at)
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the service closed the connection"))

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        if self._sent_at >= self._ends:
            return self._end(None)
        self._transport.write(self._request)

    def _end(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_result(None) if error is None else self.over.set_exception(error)
            self._transport.close()


async def created(port: int, path: str, token: str, body: bytes, in_flight: int, seconds: float) -> Measured:
    """POST *body* to *path* of this machine's *port* for so long, so many at a time."""
    head = f"POST {path} HTTP/1.1\r\nhost: api\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    request = head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    made = [
        (await loop.create_connection(lambda: _Connection(request, began + seconds), "127.0.0.1", port))[1]
        for _ in range(in_flight)
    ]
    await asyncio.gather(*(each.over for each in made))
    took = time.perf_counter() - began
    times = sorted(one for each in made for one in each.seconds)
    return Measured(len(times) / took, times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000)
