"""Containers and processes of the inner loop: started together, ended together. Called by `__main__`."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from honcho.manager import Manager

from cluster import backends
from cluster.errors import ClusterError
from inner_loop.plan import BACKENDS, MANAGEMENT, MANAGEMENT_PORT, ROOT, Door, Ports, Service, backend_doors

SOURCES = [*ROOT.glob("services/*/src"), *ROOT.glob("services/shared/*/src"), ROOT / "tests/cluster/images/bot-api"]
BUILD = ROOT / "build"
PIDFILE, LOG = BUILD / "services.pid", BUILD / "services.log"
READY_SECONDS = 60
STOP_SECONDS = 40


@contextmanager
def containers(ports: Ports) -> Iterator[dict[str, backends.Running]]:
    """The four backends, empty, on this machine's loopback; gone afterwards, and those of a killed run before."""
    clear(ports)
    names = container_names(ports)
    found = {}
    try:
        for name, port in BACKENDS.items():
            print(f"▸ {name} (usually 3 s)", flush=True)
            chosen = {port: ports.http(name, port)}
            if name == "rabbitmq":
                chosen[MANAGEMENT_PORT] = ports.http(MANAGEMENT, MANAGEMENT_PORT)
            found[name] = backends.start(name, backends.project_image(name), names[name], chosen)
        yield found
    finally:
        remove(names)


def container_names(ports: Ports) -> dict[str, str]:
    """Backend → container. The port is in the name: two loops on ports of their own leave each other alone."""
    return {name: f"usecase-services-{name}-{ports.http(name, port)}" for name, port in BACKENDS.items()}


def remove(names: Mapping[str, str]) -> None:
    for name in names.values():
        backends.remove(name)


def clear(ports: Ports) -> None:
    """Backends of a killed run go; whoever holds a port of theirs then is somebody else, and is refused."""
    remove(container_names(ports))
    refuse_taken(backend_doors(ports))


def refuse_taken(doors: Sequence[Door]) -> None:
    """Before anything starts. Raises ClusterError with the port, whose it would be, and the variable that moves it."""
    for door in doors:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", door.port))
            except OSError as error:
                raise ClusterError(
                    f"port {door.port}, which {door.name} needs, is taken: "
                    f"stop what listens there, or set {door.variable}"
                ) from error


def supervise(commands: Sequence[tuple[str, str, dict[str, str]]]) -> int:
    """(name, command, env) of each, as one stream of log lines until a signal, or until one of them ends."""
    manager = Manager()
    path = {"PYTHONPATH": os.pathsep.join(map(str, SOURCES)), "PYTHONUNBUFFERED": "1", "PATH": os.environ["PATH"]}
    for name, command, env in commands:
        manager.add_process(name, f"exec {command}", env={**path, **env})
    manager.loop()
    return int(manager.returncode or 0)


def detach(services: Sequence[Service], ports: Ports) -> None:
    """Start this very command again in the background, and return when every service is ready.

    Raises ClusterError if one runs there already, or with the end of the log if a service does not become ready.
    """
    if (pid := _running()) is not None:
        raise ClusterError(f"services run in the background already (pid {pid}): make services-down ends them")
    clear(ports)
    BUILD.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        command = [sys.executable, "-m", "inner_loop", "up"]
        background = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    PIDFILE.write_text(str(background.pid))
    waiting = {service.name: service.ops_port for service in services}
    deadline = time.monotonic() + READY_SECONDS
    while waiting := {name: port for name, port in waiting.items() if not _ready(port)}:
        if background.poll() is not None or time.monotonic() > deadline:
            end = "\n".join(LOG.read_text().splitlines()[-15:])
            stop(ports)
            raise ClusterError(f"not ready: {', '.join(waiting)}; the end of {LOG.relative_to(ROOT)}:\n{end}")
        time.sleep(0.1)


def stop(ports: Ports) -> bool:
    """End what `detach` started; whether there was anything."""
    pid = _running()
    PIDFILE.unlink(missing_ok=True)
    if pid is None:
        remove(container_names(ports))
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_ours(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    if _is_ours(pid):
        os.killpg(pid, signal.SIGKILL)
        remove(container_names(ports))
    return True


def _running() -> int | None:
    """The process that `detach` started, if it is still there."""
    pid = int(PIDFILE.read_text()) if PIDFILE.exists() else None
    return pid if pid is not None and _is_ours(pid) else None


def _is_ours(pid: int) -> bool:
    """A number may have been handed on to another process since."""
    try:
        return b"inner_loop" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
