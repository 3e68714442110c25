"""A service as a process of its own, as its image runs it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from cluster.polling import eventually

SERVICES = Path(__file__).parents[3] / "services"
SOURCES = [*SERVICES.glob("*/src"), *SERVICES.glob("shared/*/src")]
TOKEN = "test-token"
START_SECONDS = 120
"""Longest time of a start or a stop: a guard against hanging, on a machine that may do other things."""


@dataclass
class Process:
    """A running service: `http` speaks with its API, with the credential; `ops` with its ops port."""

    running: subprocess.Popen[bytes]
    http: httpx.Client
    ops: httpx.Client

    @property
    def url(self) -> str:
        """Of its API, as others are told."""
        return str(self.http.base_url)

    def alive(self) -> bool:
        return self._says_yes("/healthz")

    def ready(self) -> bool:
        return self._says_yes("/readyz")

    def _says_yes(self, path: str) -> bool:
        try:
            return self.ops.get(path).status_code == 200
        except httpx.TransportError:
            return False

    def missing(self) -> dict[str, str]:
        """What it still needs to be ready, with reasons, by its own words; empty while it says nothing."""
        try:
            found: dict[str, str] = self.ops.get("/readyz").json()["missing"]
        except httpx.TransportError:
            return {}
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; the exit status."""
        self.running.send_signal(number)
        return self.running.wait(START_SECONDS)


def environment(**variables: str) -> dict[str, str]:
    """The environment of a service: what the test says and what Python needs."""
    return {"PYTHONPATH": os.pathsep.join(map(str, SOURCES)), "PATH": os.environ["PATH"], **variables}


@contextmanager
def service(module: str, variables: Mapping[str, str], *, wait: bool = True) -> Iterator[Process]:
    """`python -m <module>` on free ports, or those that *variables* name; returns when it is ready, unless told not
    to wait.
    """
    own = {"INTERNAL_TOKEN": TOKEN, "PORT": str(free_port()), "METRICS_PORT": str(free_port()), **variables}
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{own['PORT']}", headers={"authorization": f"Bearer {TOKEN}"}) as http,
        httpx.Client(base_url=f"http://127.0.0.1:{own['METRICS_PORT']}") as ops_http,
        subprocess.Popen([sys.executable, "-m", module], env=environment(**own)) as running,
    ):
        process = Process(running, http, ops_http)
        try:
            if wait:
                eventually(process.ready, START_SECONDS, f"{module} to be ready", every=0.05)
            yield process
        finally:
            running.kill()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
