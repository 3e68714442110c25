"""The processes of the inner loop are reached on this machine's loopback alone (contract S17)."""

import socket

import pytest

from cluster.polling import eventually
from inner_loop import plan
from inner_loop.plan import Ports, Service
from integration.services.process import START_SECONDS, Process, service

NOWHERE = "127.0.0.1:9"
"""What each needs is not there: the ops port, and the api's own, are served all the same."""
STORES = {
    "postgres": f"postgresql://u:p@{NOWHERE}/tasks", "mongodb": f"mongodb://{NOWHERE}/tasks",
    "redis": f"redis://{NOWHERE}/0",
}  # fmt: skip
SERVICES = plan.services(plan.example(), Ports({}), STORES, f"amqp://guest:guest@{NOWHERE}/", {})
OWN_PORTS = {"PORT", "METRICS_PORT"}


def accepts(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=5):
            return True
    except OSError:
        return False


def ports(process: Process, each: Service) -> list[int]:
    """Those that it serves without anybody."""
    served = [process.ops, process.http] if each.name == "api" else [process.ops]
    return [client.base_url.port or 0 for client in served]


@pytest.mark.parametrize("each", SERVICES, ids=lambda each: each.name)
def test_a_process_is_reached_on_loopback_only(each: Service) -> None:
    env = {name: value for name, value in each.env.items() if name not in OWN_PORTS}
    with service(each.module, env, wait=False) as process:
        for port in ports(process, each):
            eventually(lambda port=port: accepts("127.0.0.1", port), START_SECONDS, f"port {port}", every=0.05)
            # As good as any address of this machine, for whoever listens on all of them.
            assert not accepts("127.0.0.2", port)
