"""The operator as a process of this machine, with the rights of its service account and nothing else."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import yaml

from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.rights import ACCOUNT

SOURCES = Path(__file__).parents[3] / "operator" / "src"


class OperatorProcess:
    """Starts stopped. *home* is the namespace of the Lease and of the account; *folder* takes kubeconfig and logs.

    *server*: the address of the API server, where it is not the cluster's own.
    """

    def __init__(
        self,
        cluster: Cluster,
        home: str,
        namespaces: Sequence[str],
        folder: Path,
        identity: str,
        server: str | None = None,
        log_level: str = "DEBUG",
    ) -> None:
        self.identity = identity
        self.log = folder / f"{identity}.log"
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        kubeconfig = folder / f"{identity}.kubeconfig"
        kubeconfig.write_text(_kubeconfig(cluster, home, server))
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(SOURCES),
            "KUBECONFIG": str(kubeconfig),
            "KUBECONTEXT": "operator",
            "POD_NAMESPACE": home,
            "POD_NAME": identity,
            "WATCH_NAMESPACES": ",".join(namespaces),
            "OPS_PORT": str(self._port),
            "LOG_LEVEL": log_level,
        }

    def start(self) -> None:
        """Returns when its mirrors are filled."""
        self.launch()
        eventually(self._is_ready, timeout=30, what=f"{self.identity} is ready; its log: {self.log}")

    def launch(self) -> None:
        """As `start`, without waiting for anything."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "usecase_operator", "run"],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it; the exit code."""
        assert self._process
        if self.running:
            self._process.send_signal(how)
        code = self._process.wait(timeout=30)
        self._process = None
        return code

    def kill(self) -> None:
        """As the kernel does it; `stop` has to follow."""
        assert self._process
        self._process.kill()

    def freeze(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def metric(self, pattern: str) -> float:
        """The sum of all samples whose name and labels match *pattern*."""
        text = self._get("/metrics")
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if re.match(pattern, line))

    def writes(self) -> float:
        """Writes to the API server, the Lease's and Kubernetes Events apart."""
        everything = self.metric(r"usecase_api_writes_total\{")
        return everything - self.metric(r'usecase_api_writes_total\{resource="(leases|events)"')

    def _is_ready(self) -> bool:
        assert self.running, self.log.read_text()[-3000:]
        try:
            return bool(json.loads(self._get("/readyz"))["ready"])
        except (urllib.error.URLError, ConnectionError):
            return False

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
            return str(answer.read().decode())


def _kubeconfig(cluster: Cluster, home: str, server: str | None) -> str:
    """The cluster's address, or *server*, with a token of the operator's account."""
    shown = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--minify"))
    token = cluster.kubectl("--namespace", home, "create", "token", ACCOUNT, "--duration", "2h").strip()
    reached = {"server": server} if server else shown["clusters"][0]["cluster"]
    return yaml.safe_dump(
        {
            "clusters": [{"name": "c", "cluster": reached}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "operator", "context": {"cluster": "c", "user": "u"}}],
        }
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
