"""The process: connects everything, keeps it running, and ends it in order. `python -m usecase_operator run`.

Watches, workers, Lease and health are tasks made before kopf starts, since kopf cancels at its end what was made after.
Any of them that ends takes the process with it; the kubelet starts a new one, which writes only what is not true yet.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY

from usecase_operator import handlers, logs, settings, watches
from usecase_operator.admission import Admission
from usecase_operator.broker.brokers import Brokers
from usecase_operator.cluster import roll_call
from usecase_operator.cluster.access import (
    SERVICE_ACCOUNT,
    Access,
    AccessError,
    from_kubeconfig,
    from_service_account,
)
from usecase_operator.cluster.autoscalers import ForeignAutoscalers
from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError, Client
from usecase_operator.cluster.cluster import Cluster, Engine
from usecase_operator.cluster.events import Events
from usecase_operator.cluster.lease import Lease
from usecase_operator.cluster.pods import Pods
from usecase_operator.cluster.reflector import Reflector
from usecase_operator.cluster.resource import Resource
from usecase_operator.cluster.secrets import Secrets
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.cluster.writer import Writer
from usecase_operator.gauges import Gauges
from usecase_operator.health import Health
from usecase_operator.metadata import API_VERSION
from usecase_operator.settings import Settings, SettingsError
from usecase_operator.settle import Settler
from usecase_operator.work import WORKERS, Dirty

# More sockets than workers, and each costs a quarter of a MiB.
REQUEST_CONNECTIONS = WORKERS + 8
DRAIN_SECONDS = 10.0
CRD_SECONDS = 5.0

log = logging.getLogger(__name__)


def main() -> int:
    """0 after a signal; 1 if something ended that must not, so that the kubelet starts the process anew."""
    try:
        chosen = settings.read(os.environ, settings.resolv_conf_of_the_pod(SERVICE_ACCOUNT))
        logs.configure(chosen.log_level)
        access = reach(chosen)
    except (SettingsError, AccessError, OSError) as error:
        print(f"usecase-operator: {error}", file=sys.stderr)
        return 2
    return asyncio.run(run(chosen, access))


def reach(chosen: Settings) -> Access:
    """A kubeconfig context if one is named, else the pod's service account."""
    if chosen.context:
        return from_kubeconfig(Path(chosen.kubeconfig or Path.home() / ".kube" / "config"), chosen.context)
    return from_service_account(os.environ)


async def run(chosen: Settings, access: Access) -> int:
    """Until a signal, a lost Lease, or the end of any task."""
    async with AsyncExitStack() as stack:
        # Watches, at least one a namespace, hold their sockets: they share none with requests, and kopf closes the
        # session it was given.
        requests = await stack.enter_async_context(access.session(REQUEST_CONNECTIONS))
        watching = await stack.enter_async_context(access.session(0))
        lease = Lease(Client(requests, lambda: None), chosen.namespace, chosen.lease, chosen.identity)
        operator = Operator(chosen, Client(requests, lease.guard), lease, watching)
        stack.push_async_callback(operator.close)
        runner = await operator.health.serve(chosen.ops_port)
        stack.push_async_callback(runner.cleanup)
        return await operator.run(access)


class Operator:
    """The parts, connected: a watch marks, a worker settles."""

    def __init__(self, chosen: Settings, client: Client, lease: Lease, watching: Any) -> None:
        self._settings = chosen
        self._client = client
        self._lease = lease
        self.dirty = Dirty()
        self.usecases = UseCases(self.dirty.add)
        children = Children(self.dirty.add)
        pods = Pods(self._mark)
        foreign = ForeignAutoscalers(lambda target: self._mark_owner(*target))
        engine, resource = Engine(), Resource(client, self.usecases)
        account = f"{chosen.namespace}:{chosen.service_account}"
        self._secrets = Secrets(watching, children, self._secret_changed, self._mark_namespace, account)
        self._brokers = Brokers(lease.guard, self._vhost_changed)
        self._admission = Admission(self.usecases.body, self.dirty.add)
        self._scopes = self._admission.scopes = watches.scopes(
            watching,
            chosen.watch_namespaces,
            children,
            pods,
            foreign,
            keda=lambda there: self._keda(engine, there),
            changed=self._admission.news,
        )
        self._cluster = Cluster(
            child_index=children,
            pod_index=pods,
            foreign=foreign,
            secret_watches=self._secrets,
            engine=engine,
            writer=Writer(client, children, resource, self.dirty.add_later),
            resource=resource,
            events=Events(client, chosen.identity),
            dns=chosen.dns,
        )
        self._settler = Settler(self.usecases, self._cluster, self._brokers, self.dirty)
        self.health = Health(self._reflectors)
        REGISTRY.register(Gauges(self.usecases.statuses, self._brokers.counts, lambda: lease.leading))

    async def run(self, access: Access) -> int:
        """The exit code: 0 only if a signal asked for the end."""
        stop, stop_kopf, ready = asyncio.Event(), asyncio.Event(), asyncio.Event()
        me, served = {"identity": self._lease.identity}, self._settings.watch_namespaces
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        tasks = [
            _task("lease", self._lease.hold()),
            *(_task(f"watch {each.url}", each.run()) for each in self._static()),
            *(_task(f"worker {number}", self._work()) for number in range(WORKERS)),
            _task("roll call", roll_call.keep_calling(self._client, self.usecases, self._cluster.child_index, served)),
            _task("stop signal", stop.wait()),
        ]
        try:
            await _first(_task("CRD", self._crd_is_there()), tasks)
            if not any(each.done() for each in tasks):
                made = handlers.registry(access.server, lambda: access.session(0), self._usecase_changed)
                tasks.append(
                    _task(
                        "kopf",
                        handlers.run(made, served, self._lease.identity, ready, stop_kopf),
                    )
                )
                await _first(_task("kopf is up", ready.wait()), tasks)
                for each in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(each, stop.set)  # kopf took them
                self.health.started = ready.is_set()
                log.info("the operator runs" if ready.is_set() else "the operator did not start", extra=me)
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end(tasks, stop_kopf)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                log.error("a part of the operator ended", extra={"part": task.get_name()}, exc_info=error)
        return 0 if stop.is_set() else 1

    async def close(self) -> None:
        await self._brokers.close()
        await self._secrets.close()

    async def _end(self, tasks: list[asyncio.Task[Any]], stop_kopf: asyncio.Event) -> None:
        """Finish the passes that run, give the Lease back, then stop the rest."""
        self.health.ending = True
        for each in tasks:
            if each.get_name().startswith("watch"):
                each.cancel()
        drained = await self._drained()
        await self.close()
        if drained:  # else a write may be under way: the Lease runs out by itself, as after a crash
            holding = next(each for each in tasks if each.get_name() == "lease")
            holding.cancel()  # a renewal that crosses it would take the Lease again
            await asyncio.wait([holding])
            with suppress(ApiError):
                await self._lease.release()
        stop_kopf.set()
        for each in tasks:
            if each.get_name() != "kopf":
                each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _drained(self) -> bool:
        """Whether the passes that run have ended in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                self.dirty.close()
                await self.dirty.drained()
                return True
        return False

    async def _work(self) -> None:
        await self.dirty.work(self._settle, self._may_work)

    async def _may_work(self) -> None:
        await self._lease.acquired.wait()

    async def _settle(self, uid: str) -> None:
        if self._admission.admits(uid):
            await self._settler.settle(uid)

    async def _crd_is_there(self) -> None:
        """kopf looks for the resource once, at its start."""
        told = ""
        while True:
            try:
                await self._client.request("GET", f"/apis/{API_VERSION}")
                return
            except ApiError as error:
                if (waits := waiting_for(error)) != told:
                    log.warning(waits, extra={"error": str(error)})
                    told = waits
            await asyncio.sleep(CRD_SECONDS)

    def _static(self) -> list[Reflector]:
        return [each for scope in self._scopes for each in scope.reflectors]

    def _reflectors(self) -> list[Reflector]:
        return [*self._static(), *self._secrets.reflectors]

    def _usecase_changed(self, type_: str | None, obj: Any) -> None:
        if type_ == "DELETED":
            self.usecases.remove(obj)
        else:
            self.usecases.put(obj)

    def _mark(self, key: tuple[str, str]) -> None:
        if uid := self.usecases.uid_of(key):
            self.dirty.add(uid)

    def _mark_owner(self, namespace: str, deployment: str) -> None:
        """The UseCase a Deployment of that name would belong to: a foreign autoscaler knows no UID."""
        for cut in range(len(deployment)):
            if deployment[cut] == "-":
                self._mark((namespace, deployment[:cut]))

    def _mark_namespace(self, namespace: str) -> None:
        for uid in self._secrets.users_of(namespace):
            self.dirty.add(uid)

    def _secret_changed(self, namespace: str, _: str) -> None:
        self._mark_namespace(namespace)

    def _vhost_changed(self, vhost: str) -> None:
        namespace, _, name = vhost.rpartition(".")
        self._mark((namespace, name))

    def _keda(self, engine: Engine, installed: bool) -> None:
        engine.installed = installed
        for uid in self.usecases.uids():
            self.dirty.add(uid)


def waiting_for(error: ApiError) -> str:
    """What keeps kopf from its start, in words: only a 404 tells that the CRD is missing."""
    if error.status == 404:
        return "waiting for the UseCase CRD; apply crds/usecase.yaml"
    return f"waiting for the API server, which can't be asked for UseCases: {error.message}"


def _task(name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.create_task(work, name=name)


async def _first(wanted: asyncio.Task[Any], others: list[asyncio.Task[Any]]) -> None:
    """Until *wanted* is done, or one of *others* has ended, which ends the wait too."""
    await asyncio.wait([wanted, *others], return_when=asyncio.FIRST_COMPLETED)
    if not wanted.done():
        wanted.cancel()
        with suppress(asyncio.CancelledError):
            await wanted
    elif not wanted.cancelled():
        wanted.result()


if __name__ == "__main__":
    sys.exit(main())
