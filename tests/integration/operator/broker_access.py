"""Reaching a real RabbitMQ as the operator does, and waiting for it without sleeping blindly."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from cluster.backends import Running
from usecase_operator.broker.brokers import Broker
from usecase_operator.broker.connection import Connection
from usecase_operator.errors import Retry
from usecase_operator.topology.objects import Topology
from usecase_operator.topology.plan import Inventory, diff


def connection_to(rabbitmq: Running, **changes: Any) -> Connection:
    amqp = urlsplit(rabbitmq.uri)
    values = {
        "management": rabbitmq.management,
        "amqp_host": amqp.hostname,
        "amqp_port": amqp.port,
        "username": amqp.username,
        "password": amqp.password,
    }
    return Connection(**{**values, **changes})


async def eventually(check: Callable[[], Awaitable[Any]], seconds: float, what: str, every: float = 0.1) -> Any:
    """The first true answer of *check*; fails after *seconds* saying *what* was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := await check()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(every)
    return found


async def removed(broker: Broker, vhost: str, users: Sequence[str] = (), seconds: float = 60) -> None:
    """Take a vhost and its users off the broker as the operator does: what is in it goes first, and a broker that is
    too busy is asked again.
    """

    said = ""

    async def gone() -> bool:
        nonlocal said
        try:
            found = await broker.observe(vhost, fresh=True)
            plan = replace(diff(Topology(), found, Inventory.of(found), ""), delete_users=tuple(users))
            await broker.drop(plan, found, "Delete")
            await broker.delete_vhost(vhost)
        except Retry as failure:
            said = failure.message
            return False
        return True

    try:
        await eventually(gone, seconds, f"the vhost {vhost} is deleted")
    except AssertionError as late:
        raise AssertionError(f"{late}: {said}") from None
