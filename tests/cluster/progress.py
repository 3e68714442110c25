"""What the person sees: one line a step, with how long it usually takes, and on failure the end of its log.

Every command of the bring-up runs through `Progress.run`; its output goes to the step's log file. The time of
each step is kept, so that `python -m cluster times` can print what this machine measured.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cluster.errors import ClusterError

TAIL_LINES = 15


class Progress:
    """Runs commands in named steps. One object per bring-up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "logs"
        self.times = folder / "times.jsonl"
        self._log: Path | None = None

    def say(self, text: str) -> None:
        print(text, flush=True)

    @contextlib.contextmanager
    def step(self, name: str, usually: str) -> Iterator[None]:
        """Name what happens now. *usually* is a time measured before, as people say it: "20 s", "8 min"."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = self.folder / f"{name.replace(' ', '-').replace('/', '-')}.log"
        self._log.write_text("")
        self.say(f"▸ {name} (usually {usually})")
        started = time.monotonic()
        try:
            yield
        finally:
            self._log = None
        seconds = time.monotonic() - started
        with self.times.open("a") as times:
            times.write(json.dumps({"step": name, "seconds": round(seconds, 1), "at": int(time.time())}) + "\n")
        if seconds >= 2:
            self.say(f"  done in {seconds:.0f} s")

    def run(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
        quiet: bool = False,
    ) -> str:
        """The command's standard output; ClusterError where it fails, with the end of its log on the screen.

        *quiet*: a failure is an answer, as while something is waited for; its log is kept and not shown.
        """
        log = self._log or self.folder / "other.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as errors:
            before = errors.tell()
            errors.write(f"$ {' '.join(map(str, command))}\n")
            errors.flush()
            try:
                done = subprocess.run(
                    list(map(str, command)),
                    env={**os.environ, **(env or {})},
                    cwd=cwd,
                    input=stdin,
                    stdin=subprocess.DEVNULL if stdin is None else None,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    timeout=timeout,
                    check=False,
                )
            except FileNotFoundError as error:
                raise ClusterError(f"{command[0]} is not on PATH: {error.strerror}") from error
            except subprocess.TimeoutExpired as error:
                raise ClusterError(f"{command[0]} gave no answer within {timeout:.0f} s; its log: {log}") from error
            errors.write(done.stdout)
        if done.returncode:
            raise ClusterError(self._failure(command, done.returncode, log, before, quiet=quiet))
        return done.stdout

    def _failure(self, command: Sequence[str | Path], code: int, log: Path, before: int, *, quiet: bool) -> str:
        """*before*: where in the log the command's own lines begin; what stands above is another's."""
        own = log.read_bytes()[before:].decode(errors="replace")
        tail = own.splitlines()[-TAIL_LINES:]
        if not quiet:
            print("\n".join(f"  | {line[:300]}" for line in tail), file=sys.stderr, flush=True)
        full = any("no space left on device" in line.lower() for line in tail)
        words = " ".join(map(str, command[:3]))
        if full:
            return f"the disk is full: `{words} …` could not write; free some space and run again (log: {log})"
        return f"`{words} …` ended with exit code {code}; the whole log: {log}"


def measured(times: Path) -> list[tuple[str, float, float]]:
    """(step, quickest, slowest) in seconds of every step this machine has run, in the order first seen."""
    seen: dict[str, list[float]] = {}
    for line in times.read_text().splitlines() if times.exists() else []:
        entry = json.loads(line)
        seen.setdefault(entry["step"], []).append(entry["seconds"])
    return [(step, min(seconds), max(seconds)) for step, seconds in seen.items()]
