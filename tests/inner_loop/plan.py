"""Example → processes. Pure: the operator's own rendering of the environment, with this machine's addresses in it.

Called by `__main__`; knows neither Docker nor how processes are run.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from usecase_operator.cli import usecases
from usecase_operator.metadata import child_name
from usecase_operator.model import Component, UseCase
from usecase_operator.render.environment import Variable, environment

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "crds/examples/task-management.yaml"
FIRST_OPS_PORT = 9090
BOT_API_PORT = 8081
SECRETS = "task-management-secrets"
BACKENDS = {"rabbitmq": 5672, "postgres": 5432, "redis": 6379, "mongodb": 27017}
MANAGEMENT = "rabbitmq-management"
MANAGEMENT_PORT = 15672


@dataclass(frozen=True)
class Service:
    """One process: `python -m <module>`, with what it listens on."""

    name: str
    module: str
    port: int | None
    ops_port: int
    env: Mapping[str, str]

    @property
    def command(self) -> str:
        return f"{sys.executable} -m {self.module}"


@dataclass(frozen=True)
class Door:
    """A port of this machine that the loop listens on: for whom, and the variable that moves it."""

    port: int
    name: str
    variable: str


class Ports:
    """Which port of this machine each thing gets: its own number, or what PORT_<NAME>, OPS_PORT_<NAME> say."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def http(self, name: str, usual: int) -> int:
        return self._chosen(f"PORT_{_upper(name)}", usual)

    def ops(self, name: str, usual: int) -> int:
        return self._chosen(f"OPS_PORT_{_upper(name)}", usual)

    def _chosen(self, variable: str, usual: int) -> int:
        text = self._env.get(variable) or str(usual)
        if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
            raise ValueError(f"{variable}={text}: must be a port number from 1 to 65535")
        return int(text)


def chosen(own: Mapping[str, str | None], example: Mapping[str, str | None]) -> dict[str, str]:
    """What a developer sets: lines of services/.env that hold something, and something else than services/.env.example.

    A copy of the example so changes nothing: its addresses and its token are nobody's.
    """
    return {name: value for name, value in own.items() if value and value != example.get(name)}


def example() -> UseCase:
    """The reference use case, as the API server would have stored it."""
    (usecase,) = usecases(EXAMPLE.read_text(), "default")
    return usecase


def services(
    usecase: UseCase, ports: Ports, stores: Mapping[str, str], broker: str, chosen: Mapping[str, str]
) -> list[Service]:
    """The processes, in the order of the example.

    *stores*: name of a store → its address here. *broker*: the AMQP URL of everybody. *chosen*: what the developer
    sets (`chosen`); it wins over what the example says plainly, never over an address that follows from here.
    """
    urls = {
        f"http://{child_name(usecase, each.name)}:{each.http.port}": _url(ports.http(each.name, each.http.port))
        for each in usecase.spec.components
        if each.http
    }
    secrets = {each.secret_ref.name: stores[each.name] for each in usecase.spec.infrastructure.stores}
    return [
        _service(usecase, each, ports, FIRST_OPS_PORT + number, urls, secrets, broker, chosen)
        for number, each in enumerate(usecase.spec.components)
    ]


def _service(
    usecase: UseCase,
    component: Component,
    ports: Ports,
    ops_port: int,
    urls: Mapping[str, str],
    secrets: Mapping[str, str],
    broker: str,
    chosen: Mapping[str, str],
) -> Service:
    # On this machine alone: what asks for no credential in DEBUG mode is nobody else's business.
    said: dict[str, str] = {"DEBUG": "true", "HOST": "127.0.0.1", "JAEGER_ENDPOINT": ""}
    fixed = {}
    for variable in environment(usecase, component):
        name, secret = variable["name"], _secret(variable)
        if secret == SECRETS:
            said[name] = f"for-development-only-{name.lower().replace('_', '-')}"
        elif secret is not None:
            fixed[name] = secrets.get(secret, broker)
        elif variable["value"] in urls:
            fixed[name] = urls[variable["value"]]
        else:
            said[name] = variable["value"]
    ops = ports.ops(component.name, ops_port)
    port = ports.http(component.name, component.http.port) if component.http else None
    fixed |= {"METRICS_PORT": str(ops), **({"PORT": str(port)} if port else {})}
    if component.kind == "Bot" and not chosen.get("BOT_TOKEN"):
        said |= {"BOT_TOKEN": "1:demo", "BOT_API_SERVER": _url(ports.http("bot-api", BOT_API_PORT))}
    module = f"usecase_{component.name.replace('-', '_')}"
    return Service(component.name, module, port, ops, {**said, **chosen, **fixed})


def doors(services: Sequence[Service], ports: Ports) -> list[Door]:
    """What the services listen on, and the Bot API server where it is ours."""
    found = [Door(each.ops_port, each.name, f"OPS_PORT_{_upper(each.name)}") for each in services]
    found += [Door(each.port, each.name, f"PORT_{_upper(each.name)}") for each in services if each.port]
    if any(names_a_bot_of_ours(each) for each in services):
        found.append(Door(ports.http("bot-api", BOT_API_PORT), "bot-api", "PORT_BOT_API"))
    return found


def backend_doors(ports: Ports) -> list[Door]:
    """What the backends listen on."""
    usual = {**BACKENDS, MANAGEMENT: MANAGEMENT_PORT}
    return [Door(ports.http(name, port), name, f"PORT_{_upper(name)}") for name, port in usual.items()]


def _secret(variable: Variable) -> str | None:
    reference = variable.get("valueFrom", {}).get("secretKeyRef")
    return str(reference["name"]) if reference else None


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def names_a_bot_of_ours(service: Service) -> bool:
    """Whether the bot talks to a Bot API server on this machine, which somebody then has to run."""
    return urlsplit(service.env.get("BOT_API_SERVER", "")).hostname == "127.0.0.1"
