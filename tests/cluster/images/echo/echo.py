"""Stands for any component in tests of the operator: does what the operator's defaults expect, and shows what it got.

`PORT`: answers every path with its name, environment and the path. `METRICS_PORT`: `/healthz`, `/readyz`, `/metrics`.
`GET /fetch?url=…` asks another component, to prove that an edge works. With `RABBITMQ_URL` it consumes the queues of
`CONSUME` (names, comma separated) and publishes what is POSTed to `/publish/<exchange>/<routing key>`.
`EXIT_CODE` set: it prints a line and exits so. `NOT_READY` set: it is never ready.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import aio_pika
import aiohttp
from aiohttp import web

ENV = dict(os.environ)


class Echo:
    def __init__(self) -> None:
        self.ready = "NOT_READY" not in ENV
        self.consumed: dict[str, int] = {}
        self.connection: aio_pika.abc.AbstractConnection | None = None
        self.channel: aio_pika.abc.AbstractChannel | None = None

    async def answer(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"host": ENV.get("HOSTNAME"), "path": request.path, "env": ENV, "consumed": self.consumed}
        )

    async def fetch(self, request: web.Request) -> web.Response:
        timeout = aiohttp.ClientTimeout(total=3)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(request.query["url"]) as found:
                return web.json_response({"status": found.status, "body": await found.text()})
        except (aiohttp.ClientError, TimeoutError) as error:
            return web.json_response({"error": type(error).__name__}, status=502)

    async def publish(self, request: web.Request) -> web.Response:
        if self.channel is None:
            return web.json_response({"error": "no RABBITMQ_URL"}, status=409)
        exchange = await self.channel.get_exchange(request.match_info["exchange"], ensure=True)
        await exchange.publish(aio_pika.Message(await request.read()), request.match_info["key"])
        return web.json_response({"published": True})

    async def consume(self) -> None:
        self.connection = await aio_pika.connect_robust(ENV["RABBITMQ_URL"])
        self.channel = await self.connection.channel()
        for name in filter(None, ENV.get("CONSUME", "").split(",")):
            queue = await self.channel.get_queue(name, ensure=True)
            self.consumed[name] = 0
            await queue.consume(self._counted(name))

    def _counted(self, queue: str) -> Callable[[aio_pika.abc.AbstractIncomingMessage], Awaitable[None]]:
        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            async with message.process():
                self.consumed[queue] += 1

        return take

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(self, _: web.Request) -> web.Response:
        return web.json_response({"ready": self.ready}, status=200 if self.ready else 503)

    async def metrics(self, _: web.Request) -> web.Response:
        lines = [f'echo_consumed_total{{queue="{queue}"}} {count}' for queue, count in self.consumed.items()]
        return web.Response(text="\n".join([*lines, "echo_up 1", ""]))


async def serve(port: int, *routes: web.RouteDef) -> web.AppRunner:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner


async def main() -> int:
    if code := ENV.get("EXIT_CODE"):
        print(f"exits with {code}, as it was told")
        return int(code)
    echo, stop = Echo(), asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    ops = (web.get("/healthz", echo.healthz), web.get("/readyz", echo.readyz), web.get("/metrics", echo.metrics))
    runners = [await serve(int(ENV.get("METRICS_PORT", "9090")), *ops)]
    if port := ENV.get("PORT"):
        paths = (
            web.get("/fetch", echo.fetch),
            web.post("/publish/{exchange}/{key}", echo.publish),
            web.get("/{path:.*}", echo.answer),
        )
        runners.append(await serve(int(port), *paths))
    if ENV.get("RABBITMQ_URL"):
        await echo.consume()
    await stop.wait()
    if echo.connection:
        await echo.connection.close()
    for runner in runners:
        await runner.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
