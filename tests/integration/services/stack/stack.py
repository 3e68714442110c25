"""All processes of the use case, as its example says, on free ports of this machine."""

import random
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cluster.backends import Running
from inner_loop import plan, topology
from integration.services.stack.member import Member

BOT_API = "bot-api"
PORTS = 20_000, 30_000
BOT_API_SOURCE = plan.ROOT / "tests/cluster/images/bot-api"


class Victim(Protocol):
    """What can be killed as a crash does it, and started again with what it had on disk."""

    def kill(self) -> None: ...
    def resume(self) -> None: ...


@dataclass(frozen=True)
class Stack:
    """The members by name, the servers behind them, and what a caller needs to speak with them."""

    members: Mapping[str, Member]
    backends: Mapping[str, Running]
    urls: Mapping[str, str]
    internal_token: str
    bot_credential: str
    dsn: str
    mongodb_url: str

    @property
    def rabbitmq_url(self) -> str:
        return self.backends["rabbitmq"].uri

    def mend(self) -> None:
        """Start what does not run, and return when all members are ready."""
        for member in self.members.values():
            member.begin_unless_running()
        for member in self.members.values():
            member.wait()

    def victims(self) -> dict[str, Victim]:
        """The six services, then the broker, then the database: whoever may die without anything being lost."""
        services = {name: member for name, member in self.members.items() if name != BOT_API}
        return {**services, "rabbitmq": self.backends["rabbitmq"], "postgres": self.backends["postgres"]}


@contextmanager
def running(
    backends: Mapping[str, Running],
    stores: Mapping[str, str],
    logs: Path,
    chosen: Mapping[str, str],
    commands: Mapping[str, tuple[str, ...]] | None = None,
    python: str = sys.executable,
) -> Iterator[Stack]:
    """The six services and the fake Bot API, all ready. *stores*: name of a store → its address; *chosen*: what every
    process gets beside what follows from the example; *commands*: service → arguments to Python instead of its module;
    *python*: that runs the services.
    """
    usecase = plan.example()
    topology.declare(backends["rabbitmq"].management, usecase)
    services = plan.services(usecase, _FreePorts(), stores, backends["rabbitmq"].uri, chosen)
    members = {
        each.name: Member(
            each.name, (commands or {}).get(each.name, ("-m", each.module)), each.env,
            f"http://127.0.0.1:{each.ops_port}/readyz", logs / f"{each.name}.log", python,
        )
        for each in services
    }  # fmt: skip
    urls = {each.name: f"http://127.0.0.1:{each.port}" for each in services if each.port}
    bot = next(each for each in services if plan.names_a_bot_of_ours(each))
    urls[BOT_API] = bot.env["BOT_API_SERVER"]
    port = urls[BOT_API].rsplit(":", 1)[1]
    env = {"PORT": port, "PYTHONPATH": str(BOT_API_SOURCE)}
    members[BOT_API] = Member(BOT_API, ("-m", "bot_api"), env, f"{urls[BOT_API]}/health", logs / "bot-api.log")
    api = next(each for each in services if each.name == "api")
    credentials = api.env["INTERNAL_TOKEN"], api.env["BOT_CREDENTIAL"]
    try:
        for member in members.values():
            member.begin()
        for member in members.values():
            member.wait()
        yield Stack(members, backends, urls, *credentials, stores["postgres"], stores["mongodb"])
    finally:
        for member in members.values():
            member.kill()


class _FreePorts(plan.Ports):
    """Every port is one that nobody uses; the same name gets the same port.

    None is a port that the kernel hands out to outgoing connections: those would take it while its owner is dead.
    """

    def __init__(self) -> None:
        super().__init__({})
        self._rest = iter(random.sample(range(*PORTS), 1000))
        self._taken: dict[tuple[str, ...], int] = {}

    def http(self, name: str, usual: int) -> int:
        return self._port("http", name)

    def ops(self, name: str, usual: int) -> int:
        return self._port("ops", name)

    def _port(self, *key: str) -> int:
        if key not in self._taken:
            self._taken[key] = next(port for port in self._rest if _is_free(port))
        return self._taken[key]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
