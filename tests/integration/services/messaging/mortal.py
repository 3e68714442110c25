"""A process that consumes a queue, dies of one body as it would of a segmentation fault, and ends well after another.

Its arguments: the broker's URL, the queue, the body it dies of.
"""

import asyncio
import os
import sys

import structlog

from usecase_messaging.consume import consume
from usecase_runtime.ops import Readiness

DEATH = 70


async def live(url: str, queue: str, deadly: bytes) -> None:
    stop = asyncio.Event()

    async def handle(body: bytes) -> None:
        if body == deadly:
            os._exit(DEATH)
        print(body.decode())
        stop.set()

    await consume(url, queue, handle, readiness=Readiness("consumer"), stop=stop, prefetch=1)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(live(sys.argv[1], sys.argv[2], sys.argv[3].encode()))
