"""What the environment says, read once by `main`. Names of variables are the chart's contract (docs/reference)."""

import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Address = IPv4Address | IPv6Address

RESOLV_CONF = Path("/etc/resolv.conf")


class SettingsError(Exception):
    """A variable has no usable value; says which and what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """*watch_namespaces*: empty means the whole cluster. *context*: of the kubeconfig, outside of a pod only.

    *namespace*: where the Lease is. *identity*: of this process, its pod's name. *ops_port*: health and metrics.
    *dns*: addresses that pods ask for names, beside the pods of cluster DNS.
    """

    watch_namespaces: tuple[str, ...] = ()
    namespace: str = "usecase-system"
    identity: str = ""
    lease: str = "usecase-operator"
    service_account: str = "usecase-operator"
    ops_port: int = 9090
    log_level: str = "INFO"
    kubeconfig: str | None = None
    context: str | None = None
    dns: tuple[str, ...] = ()


def read(environment: Mapping[str, str], resolv_conf: str = "") -> Settings:
    """*resolv_conf*: of this pod; with a context the use cases are in another cluster. Raises `SettingsError`."""
    port = environment.get("OPS_PORT", "9090")
    if not port.isdigit():
        raise SettingsError(f"OPS_PORT must be a number, it is {port!r}")
    level = environment.get("LOG_LEVEL", "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsError(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, it is {level!r}")
    namespaces = environment.get("WATCH_NAMESPACES", "").replace(",", " ").split()
    context = environment.get("KUBECONTEXT")
    named = _dns_servers(environment.get("DNS_SERVERS", ""))
    return Settings(
        watch_namespaces=tuple(sorted(set(namespaces))),
        namespace=environment.get("POD_NAMESPACE", "usecase-system"),
        identity=environment.get("POD_NAME") or f"{socket.gethostname()}-{os.getpid()}",
        lease=environment.get("LEASE_NAME", "usecase-operator"),
        service_account=environment.get("SERVICE_ACCOUNT", "usecase-operator"),
        ops_port=int(port),
        log_level=level,
        kubeconfig=environment.get("KUBECONFIG"),
        context=context,
        dns=_told(named or ([] if context else nameservers(resolv_conf))),
    )


def resolv_conf_of_the_pod(service_account: Path, file: Path = RESOLV_CONF) -> str:
    """How names are resolved in pods; empty outside of one, where no *service_account* is mounted."""
    return file.read_text(errors="replace") if service_account.exists() and file.exists() else ""


def nameservers(resolv_conf: str) -> list[Address]:
    """What resolv.conf(5) names, without the zone of a link-local address."""
    found = list[Address]()
    for words in map(str.split, resolv_conf.splitlines()):
        if words[:1] == ["nameserver"] and len(words) > 1:
            with suppress(ValueError):  # resolvers pass over it, too
                found.append(ip_address(words[1].partition("%")[0]))
    return found


def _dns_servers(text: str) -> list[Address]:
    try:
        return [ip_address(each) for each in text.replace(",", " ").split()]
    except ValueError as error:
        said = f"DNS_SERVERS must be addresses such as 10.96.0.10, separated by commas: {error}"
        raise SettingsError(said) from error


def _told(addresses: Iterable[Address]) -> tuple[str, ...]:
    """Each once, in an order that a restart keeps. Loopback (Docker's resolver) is another place in each pod."""
    return tuple(sorted({str(each) for each in addresses if not each.is_loopback}))
