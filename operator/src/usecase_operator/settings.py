"""What the environment says, read once by `main`. Names of variables are the chart's contract (docs/reference)."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """A variable has no usable value; says which and what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """*watch_namespaces*: empty means the whole cluster. *context*: of the kubeconfig, outside of a pod only.

    *namespace*: where the Lease is. *identity*: of this process, its pod's name. *ops_port*: health and metrics.
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


def read(environment: Mapping[str, str]) -> Settings:
    """Raises `SettingsError`."""
    port = environment.get("OPS_PORT", "9090")
    if not port.isdigit():
        raise SettingsError(f"OPS_PORT must be a number, it is {port!r}")
    level = environment.get("LOG_LEVEL", "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsError(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, it is {level!r}")
    namespaces = environment.get("WATCH_NAMESPACES", "").replace(",", " ").split()
    return Settings(
        watch_namespaces=tuple(sorted(set(namespaces))),
        namespace=environment.get("POD_NAMESPACE", "usecase-system"),
        identity=environment.get("POD_NAME") or f"{socket.gethostname()}-{os.getpid()}",
        lease=environment.get("LEASE_NAME", "usecase-operator"),
        service_account=environment.get("SERVICE_ACCOUNT", "usecase-operator"),
        ops_port=int(port),
        log_level=level,
        kubeconfig=environment.get("KUBECONFIG"),
        context=environment.get("KUBECONTEXT"),
    )
