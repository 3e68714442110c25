"""The operator's own port: `/healthz` (restart me), `/readyz` (mirrors are filled), `/metrics`.

Healthy means that every watch was heard of lately: a watch that silently stopped is the one failure an operator does
not notice by itself. Where none was heard of, it is the API server that is away: a restart would help nobody, and lose
the mirrors. A standby is as healthy as the leader. A process that ends is neither healthy nor ready: should its end
hang, as kopf's may, the kubelet makes an end of it. A watch that is lost, as with its namespace, counts for neither.
"""

from collections.abc import Callable, Iterable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from usecase_operator.cluster.reflector import Reflector

# A bookmark comes every 60 s, a dead connection is dropped after 75 s and opened anew within a few more.
STALE_SECONDS = 150.0


class Health:
    """*reflectors* are asked each time: watches of Secrets come and go."""

    def __init__(self, reflectors: Callable[[], Iterable[Reflector]]) -> None:
        self._reflectors = reflectors
        self.started = self.ending = False

    async def serve(self, port: int) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        # Connections that outlive their request would hold up the end of the process.
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, port=port).start()
        return runner

    async def _healthz(self, _: web.Request) -> web.Response:
        watches = list(self._reflectors())
        ages = {each.url: round(each.age, 1) for each in watches if not each.lost}
        stale = {url: age for url, age in ages.items() if age > STALE_SECONDS}
        healthy = not self.ending and len(stale) in (0, len(ages))
        lost = [each.url for each in watches if each.lost]
        report = {"healthy": healthy, "ending": self.ending, "stale": stale, "lost": lost, "watches": ages}
        return web.json_response(report, status=200 if healthy else 503)

    async def _readyz(self, _: web.Request) -> web.Response:
        watches = list(self._reflectors())
        # Where all are lost it is the rights that are missing, not a namespace.
        counted = [each for each in watches if not each.lost] or watches
        waiting = [each.url for each in counted if each.lost or not each.synced.is_set()]
        ready = self.started and not self.ending and not waiting
        return web.json_response({"ready": ready, "waiting_for": waiting}, status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
