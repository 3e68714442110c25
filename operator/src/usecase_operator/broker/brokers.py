"""Every broker the UseCases name, each with one API client and one observer, made on demand.

`reconcile` asks `of(connection)`; `release` when a UseCase no longer uses a vhost. A broker nobody uses is closed.
"""

from collections.abc import Callable, Mapping, Sequence

from usecase_operator.backlog import Count
from usecase_operator.broker import execute
from usecase_operator.broker.api import Api
from usecase_operator.broker.connection import Connection
from usecase_operator.broker.emptiness import Kept, Looks
from usecase_operator.broker.observer import Observer
from usecase_operator.model import MessagingDeletion
from usecase_operator.topology.objects import Topology, Vhost
from usecase_operator.topology.plan import Plan


class Broker:
    """One broker as `reconcile` sees it. *agreed*: the vhosts that this process has seen as they should be."""

    def __init__(self, api: Api, observer: Observer) -> None:
        self.api = api
        self.observer = observer
        self.vhosts: set[str] = set()
        self.agreed: set[str] = set()
        self._looks = Looks()

    @property
    def administrator(self) -> str:
        return self.api.connection.username

    async def observe(self, vhost: str, *, fresh: bool = False) -> Topology:
        return await self.observer.topology(vhost, fresh=fresh)

    def counts(self, vhost: str) -> dict[str, Count]:
        return dict(self.observer.counts(vhost))

    async def declare(self, vhost: str, plan: Plan) -> None:
        await execute.declare(self.api, vhost, plan)

    async def drop(self, plan: Plan, found: Topology, policy: MessagingDeletion) -> list[Kept]:
        return await execute.drop(self.api, plan, found, policy, self._looks)

    async def put_vhost(self, vhost: Vhost) -> None:
        await execute.put_vhost(self.api, vhost)

    async def delete_vhost(self, name: str) -> None:
        await execute.delete_vhost(self.api, name)

    async def delete_users(self, names: Sequence[str]) -> None:
        await execute.delete_users(self.api, names)


class Brokers:
    def __init__(self, guard: Callable[[], None], changed: Callable[[str], None]) -> None:
        self._guard = guard
        self._changed = changed
        self._open: dict[Connection, Broker] = {}
        self._used: dict[str, Connection] = {}

    async def of(self, connection: Connection, vhost: str) -> Broker:
        """The broker behind *connection*, now watching *vhost*. A vhost whose connection changed moves over."""
        if self._used.get(vhost) != connection:
            await self.release(vhost)
            self._used[vhost] = connection
        broker = self._open.get(connection)
        if broker is None:
            api = Api(connection, self._guard)
            broker = self._open[connection] = Broker(api, Observer(api, self._changed))
        broker.vhosts.add(vhost)
        broker.observer.watch(vhost)
        return broker

    def known(self, vhost: str) -> Connection | None:
        """By which *vhost* was reached last: the way out when its Secret went first."""
        return self._used.get(vhost)

    def counts(self, vhost: str) -> Mapping[str, Count]:
        """The last counts of the queues in *vhost*; empty where nobody uses it."""
        connection = self._used.get(vhost)
        broker = self._open.get(connection) if connection else None
        return broker.counts(vhost) if broker else {}

    async def release(self, vhost: str) -> None:
        """Stop watching *vhost*."""
        connection = self._used.pop(vhost, None)
        broker = self._open.get(connection) if connection else None
        if connection is None or broker is None:
            return
        broker.vhosts.discard(vhost)
        broker.agreed.discard(vhost)
        broker.observer.forget(vhost)
        if not broker.vhosts:
            del self._open[connection]
            await _close(broker)

    async def close(self) -> None:
        for broker in self._open.values():
            await _close(broker)
        self._open.clear()
        self._used.clear()


async def _close(broker: Broker) -> None:
    await broker.observer.close()
    await broker.api.close()
