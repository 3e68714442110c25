"""One process of the stack: started, killed as a crash does it, started again on the same ports. Knows no other."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster.polling import eventually
from integration.services.process import environment

READY_SECONDS = 120
"""All of them start at once, and the machine may have other work."""


class Member:
    """`python <arguments>`; ready when *ready_url* answers 200. Its output goes to *log*."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        ready_url: str,
        log: Path,
        python: str = sys.executable,
    ) -> None:
        self.name, self._ready_url, self._log = name, ready_url, log
        self._command = [python, *arguments]
        self._env = environment(**env)
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._running is not None, f"{self.name} is not running"
        return self._running.pid

    def begin(self) -> None:
        """Start it; it becomes ready later."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._command, env=self._env, stdout=log, stderr=log)

    def begin_unless_running(self) -> None:
        """Start it if a test has killed it, or it ended by itself."""
        if self._running is None or self._running.poll() is not None:
            self.begin()

    def wait(self, seconds: float = READY_SECONDS) -> None:
        """Return when it is ready; AssertionError with the end of its log if it does not become so."""
        try:
            eventually(self.ready, seconds, f"{self.name} to be ready", every=0.02)
        except AssertionError as error:
            end = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
            raise AssertionError(f"{error}; its log ends:\n{end}") from None

    def ready(self) -> bool:
        """Whether it says that it may get work."""
        assert self._running is not None
        assert self._running.poll() is None, f"{self.name} ended with exit code {self._running.returncode}"
        try:
            with urllib.request.urlopen(self._ready_url, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def lines(self, part: str) -> list[str]:
        """The lines of its log that have *part* in them, of all its lives."""
        return [line for line in self._log.read_text(errors="replace").splitlines() if part in line]

    def kill(self) -> None:
        """SIGKILL: nothing finished, nothing flushed, nobody told."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def stop(self) -> int:
        """SIGTERM, as a rollout does it; its exit code."""
        assert self._running is not None, f"{self.name} is not running"
        self._running.terminate()
        code = self._running.wait(READY_SECONDS)
        self._running = None
        return code

    def resume(self) -> None:
        """The killed process again. Returns when it is ready."""
        self.begin()
        self.wait()
