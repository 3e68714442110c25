"""`python -m inner_loop up|detach|down`: what `make services` and `make services-down` call."""

import os
import sys

from dotenv import dotenv_values

from cluster.errors import ClusterError
from inner_loop import plan, running, topology
from inner_loop.plan import Ports, Service


def main(arguments: list[str]) -> int:
    commands = {"up": up, "detach": detach, "down": down}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(f"usage: python -m inner_loop {{{'|'.join(commands)}}}", file=sys.stderr)
        return 2
    try:
        return commands[arguments[0]]()
    except (ClusterError, ValueError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1


def up() -> int:
    """Everything, until Ctrl-C; one stream of log lines."""
    usecase, ports = plan.example(), Ports(os.environ)
    running.refuse_taken(plan.doors(_services(ports, dict.fromkeys(plan.BACKENDS, ""), ""), ports))
    with running.containers(ports) as found:
        topology.declare(found["rabbitmq"].management, usecase)
        stores = {name: server.uri for name, server in found.items()}
        services = _services(ports, stores, found["rabbitmq"].uri)
        _say_where(services)
        commands = [(each.name, each.command, dict(each.env)) for each in services]
        if any(plan.names_a_bot_of_ours(each) for each in services):
            port = str(ports.http("bot-api", plan.BOT_API_PORT))
            commands.insert(0, ("bot-api", f"{sys.executable} -m bot_api", {"HOST": "127.0.0.1", "PORT": port}))
        return running.supervise(commands)


def detach() -> int:
    """The same in the background; returns when all six are ready."""
    ports = Ports(os.environ)
    services = _services(ports, dict.fromkeys(plan.BACKENDS, ""), "")
    running.refuse_taken(plan.doors(services, ports))
    running.detach(services, ports)
    _say_where(services)
    print(f"log: {running.LOG.relative_to(plan.ROOT)} · end it with: make services-down")
    return 0


def down() -> int:
    print("ended" if running.stop(Ports(os.environ)) else "nothing was running")
    return 0


def _services(ports: Ports, stores: dict[str, str], broker: str) -> list[Service]:
    own, example = (dotenv_values(plan.ROOT / "services" / name) for name in (".env", ".env.example"))
    return plan.services(plan.example(), ports, stores, broker, plan.chosen(own, example))


def _say_where(services: list[Service]) -> None:
    for service in services:
        http = f"http://127.0.0.1:{service.port}" if service.port else "-"
        print(f"{service.name:18} {http:24} ops http://127.0.0.1:{service.ops_port}/readyz", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
