"""The Docker engine: used where it answers, installed and started where root on Debian or Ubuntu may do so.

First of all steps of a bring-up. Knows nothing of clusters.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cluster.errors import ClusterError
from cluster.progress import Progress

START_SECONDS = 60
ANSWER_SECONDS = 10
PID_FILE = Path("/var/run/docker.pid")
OWN_STATUS = Path("/proc/self/status")
APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300")
NO_QUESTIONS = {"DEBIAN_FRONTEND": "noninteractive"}
RUNTIME = Path(__file__).parent / "runc-bounded"
SYS_RESOURCE = 1 << 24  # capabilities(7): the one kubelet and runc ask for, and restricted hosts take away


def ensure(progress: Progress, cache: Path) -> None:
    """Return when `docker info` answers. ClusterError says what is missing and how to get it."""
    if answers():
        if bounded():
            _runtime(cache)  # taken by `make clean`, an engine that still runs could start no container
        return
    if not shutil.which("docker"):
        _require_debian_root("Docker is not installed")
    if not shutil.which("dockerd"):
        _require_debian_root("no Docker engine answers, and none is installed")
        progress.say("No Docker engine here: installing Debian's docker.io with apt-get, then starting it.")
        with progress.step("install the Docker engine", "40 s"):
            # Debian 13 and later ship the command `docker` in a package of its own.
            apt_install(progress, ["docker.io", "iptables", "jq"], where_known=["docker-cli"])
    elif os.geteuid() != 0:
        raise ClusterError(
            "the Docker engine does not answer `docker info`: start it (systemctl start docker) or, if it runs, "
            "join its group (usermod -aG docker $USER) and log in again"
        )
    with progress.step("start the Docker engine", "5 s"):
        _start(progress, cache)


def answers() -> bool:
    """Whether `docker info` answers. An engine that lives and is only slow, on a loaded machine, is given time."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            command = ["docker", "info"]
            return subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False).returncode == 0
        except FileNotFoundError:
            return False
        except subprocess.TimeoutExpired:
            if not _lives(PID_FILE) or time.monotonic() > deadline:
                return False


def apt_install(progress: Progress, packages: Sequence[str], *, where_known: Sequence[str] = ()) -> None:
    """Install Debian packages, those *where_known* only where the release has them.

    Another installation that runs on the machine (unattended upgrades) is waited for.
    """
    apt_update(progress)
    known = [name for name in where_known if _known(name)]
    progress.run([*APT, "install", "-y", "--no-install-recommends", *packages, *known], env=NO_QUESTIONS)


def apt_update(progress: Progress) -> None:
    """Refresh the lists of packages: a fresh machine may have none."""
    progress.run([*APT, "update"], env=NO_QUESTIONS)


def _known(package: str) -> bool:
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


def _require_debian_root(reason: str) -> None:
    if shutil.which("apt-get") and os.geteuid() == 0 and sys.platform == "linux":
        return
    raise ClusterError(
        f"{reason}; as root on Debian or Ubuntu it is installed for you, elsewhere install Docker "
        "(https://docs.docker.com/engine/install/), start it and run this again"
    )


def _start(progress: Progress, cache: Path) -> None:
    daemon = None
    if Path("/run/systemd/system").is_dir() and not bounded():
        progress.run(["systemctl", "start", "docker"])
    else:
        daemon = _start_by_hand(cache)
    log = cache / "logs" / "dockerd.log"
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        ended = daemon is not None and daemon.poll() is not None
        if ended or time.monotonic() > deadline:
            tail = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
            print("\n".join(f"  | {line[:300]}" for line in tail), file=sys.stderr)
            how = "ended at once" if ended else f"does not answer after {START_SECONDS} s"
            where = os.environ.get("DOCKER_HOST", "its usual socket")
            raise ClusterError(f"the Docker engine was started and {how} on {where}; its log: {log}")
        time.sleep(0.3)


def _start_by_hand(cache: Path) -> "subprocess.Popen[bytes]":
    """Without an init system: dockerd on its own, outliving this process, told of the bounded runtime if needed."""
    command = ["dockerd"]
    if bounded():
        if not shutil.which("jq"):
            raise ClusterError("jq is missing, which the bounded container runtime needs: apt-get install jq")
        command += ["--add-runtime", f"bounded={_runtime(cache)}", "--default-runtime", "bounded"]
    if not _lives(PID_FILE):  # dockerd refuses to start while that names a live process, even one that is no dockerd
        PID_FILE.unlink(missing_ok=True)
    log = cache / "logs" / "dockerd.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
        )


def _runtime(cache: Path) -> Path:
    """The bounded runtime, copied to the cache: the engine keeps calling it after this checkout has moved."""
    runtime = cache / "engine" / RUNTIME.name
    if not runtime.exists() or runtime.read_bytes() != RUNTIME.read_bytes():
        runtime.parent.mkdir(parents=True, exist_ok=True)
        copy = runtime.with_name(f"{runtime.name}.new")
        shutil.copy2(RUNTIME, copy)
        copy.replace(runtime)  # at once: the engine may call it at any moment
    return runtime


def bounded() -> bool:
    """Whether this host's capability bound is narrower than what Docker gives a privileged container."""
    if not OWN_STATUS.exists():  # no Linux
        return False
    for line in OWN_STATUS.read_text().splitlines():
        if line.startswith("CapBnd:"):
            return not int(line.split()[1], 16) & SYS_RESOURCE
    return False


def _lives(pid_file: Path) -> bool:
    try:
        comm = Path("/proc") / pid_file.read_text().strip() / "comm"
        return comm.read_text().strip() == "dockerd"
    except OSError:  # no file, or one that names a process that is gone
        return False
