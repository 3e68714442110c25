"""A call of the Bot API over HTTP: the token, the parameters in whatever form they come, faults, the answer.

getUpdates is here, as it waits: an update stays until a later call confirms it by a higher `offset`.
"""

import asyncio
import contextlib
import json
import re
import time

from aiohttp import web

from bot_api.faults import Fault
from bot_api.methods import METHODS, Parameters
from bot_api.refusal import Refusal, bad_request
from bot_api.world import Json, World

LONGEST_POLL_SECONDS = 50
_TOKEN = re.compile(r"([0-9]{1,16}):[A-Za-z0-9_-]+")
GATEWAY_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)


class Calls:
    """The Bot API of a world. `token` None: any."""

    def __init__(self, world: World, token: str | None) -> None:
        self._world, self._token = world, token
        self._pollers = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call, remembered with its outcome."""
        token, method = request.match_info["token"], request.match_info["method"]
        sent = await _parameters(request)
        call = {"at": time.time(), "method": method, "parameters": sent, "status": None}
        self._world.calls.append(call)
        try:
            result = await self._result(request, token, method, sent)
            status, body = 200, {"ok": True, "result": result}
        except Refusal as refusal:
            status, body = refusal.status, refusal.body()
        except _GatewayError as error:
            call["status"] = error.status
            return web.Response(text=GATEWAY_PAGE, status=error.status, content_type="text/html")
        except _ConnectionEnds:
            return web.Response()  # to nobody
        call["status"] = status
        return web.json_response(body, status=status)

    async def _result(self, request: web.Request, token: str, method: str, sent: Parameters) -> object:
        fault = self._world.faults.meet(method)
        if fault and fault.kind != "lost_answer":
            await self._suffer(request, fault)
        result = await self._do(request, token, method, sent)
        if fault:
            _break(request)
        return result

    async def _do(self, request: web.Request, token: str, method: str, sent: Parameters) -> object:
        found = _TOKEN.fullmatch(token)
        if not found or (self._token and token != self._token):
            raise Refusal(401, "Unauthorized")
        bot = {"id": int(found[1]), "is_bot": True, "first_name": "Tasks", "username": "tasks_bot"}
        if method.lower() == "getupdates":
            return await self._updates(request, sent)
        if method.lower() not in METHODS:
            raise Refusal(404, "Not Found: method not found")
        return METHODS[method.lower()](self._world, bot, sent)

    async def _updates(self, request: web.Request, sent: Parameters) -> list[Json]:
        try:
            offset, limit, seconds = (int(sent.get(name) or 0) for name in ("offset", "limit", "timeout"))
            allowed = json.loads(sent.get("allowed_updates") or "null")
        except ValueError:
            raise bad_request("wrong parameter") from None
        world = self._world
        world.allowed = allowed if allowed is not None else world.allowed
        if offset < 0:
            world.updates = world.updates[offset:]
        elif offset:
            world.updates = [each for each in world.updates if each["update_id"] >= offset]
        self._pollers += 1
        mine, ends = self._pollers, time.monotonic() + min(max(seconds, 0), LONGEST_POLL_SECONDS)
        world.arrived.set()  # whoever polled before learns that it is not alone
        while True:
            if mine != self._pollers:
                raise Refusal(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            if world.updates or (left := ends - time.monotonic()) <= 0:
                return world.updates[: limit if 1 <= limit <= 100 else 100]
            await self._something(left)
            if fault := world.faults.meet("getUpdates"):
                await self._suffer(request, fault)

    async def _something(self, seconds: float) -> None:
        """Wait for an update, another poller or a fault."""
        world = self._world
        world.arrived.clear()
        world.faults.changed.clear()
        waiting = [asyncio.create_task(each.wait()) for each in (world.arrived, world.faults.changed)]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()

    async def _suffer(self, request: web.Request, fault: Fault) -> None:
        if fault.kind == "html":
            raise _GatewayError(fault.status)
        if fault.kind in ("flood", "status"):
            raise fault.refusal(time.monotonic())
        if fault.kind == "silence":
            await asyncio.sleep(fault.seconds)
        _break(request)


class _GatewayError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _ConnectionEnds(Exception):  # noqa: N818 - no error: a fault does its work
    pass


def _break(request: web.Request) -> None:
    """The connection ends without an answer."""
    if request.transport is not None:
        request.transport.abort()
    raise _ConnectionEnds


async def _parameters(request: web.Request) -> Parameters:
    """From the query, a form or JSON, as strings: what is nested arrives as JSON text, as a form carries it."""
    sent = {**request.query}
    if request.content_type == "application/json":
        with contextlib.suppress(ValueError, AttributeError):
            found = (await request.json()).items()
            sent |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in found}
    elif request.can_read_body:
        sent |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return sent
