"""The four backends as containers on this machine's loopback: for integration tests, and for `make services`.

Each runs as charts/task-management runs it in a pod: same image, same configuration files, same user,
read-only root, data on a real disk. Knows no Kubernetes.
"""

import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster import images, registry
from cluster import settings as environment
from cluster.errors import ClusterError
from cluster.progress import Progress

CONFIGURATION = Path(__file__).parents[2] / "charts" / "task-management" / "files"
READY_SECONDS = 60
PASSWORD = "dev"  # of a server that only this machine reaches, for as long as a test runs
RABBITMQ_ACCOUNT = "guest"
RESTRICTED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--user", "999:999", "--tmpfs", "/tmp"),
)


@dataclass(frozen=True)
class Recipe:
    """How one backend is run; it is ready when *greeting* on its first port is answered with *answer*."""

    ports: tuple[int, ...]
    command: tuple[str, ...]
    uri: str
    greeting: bytes
    answer: bytes
    entrypoint: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


RECIPES = {
    "rabbitmq": Recipe(
        ports=(5672, 15672),
        entrypoint="rabbitmq-server",
        command=(),
        environment={
            "HOME": "/var/lib/rabbitmq",
            "RABBITMQ_CONFIG_FILE": "/etc/usecase/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": "/etc/usecase/enabled_plugins",
            "RABBITMQ_NODENAME": "rabbit@localhost",
            "RABBITMQ_DEFAULT_USER": RABBITMQ_ACCOUNT,
            "RABBITMQ_DEFAULT_PASS": RABBITMQ_ACCOUNT,
        },
        uri=f"amqp://{RABBITMQ_ACCOUNT}:{RABBITMQ_ACCOUNT}@127.0.0.1:{{port}}/",
        # AMQP 0-9-1: the protocol header is answered by a method frame on channel 0, Connection.Start.
        greeting=b"AMQP\x00\x00\x09\x01",
        answer=b"\x01\x00\x00",
    ),
    "postgres": Recipe(
        ports=(5432,),
        entrypoint="sh",
        command=(
            "-c",
            "sh /etc/usecase/initialize.sh && exec postgres -c config_file=/etc/usecase/postgresql.conf",
        ),
        environment={
            "PGDATA": "/var/lib/postgresql/data/pgdata",
            "POSTGRES_DB": "task_management_db",
            "POSTGRES_USER": "task_management",
            "POSTGRES_PASSWORD": PASSWORD,
        },
        options=("--tmpfs", "/var/run/postgresql:mode=1777"),
        uri=f"postgresql://task_management:{PASSWORD}@127.0.0.1:{{port}}/task_management_db",
        # A startup message (length, protocol 3.0, user) is answered by an authentication request.
        greeting=b"\x00\x00\x00\x1e\x00\x03\x00\x00user\x00task_management\x00\x00",
        answer=b"R",
    ),
    "redis": Recipe(
        ports=(6379,),
        entrypoint="redis-server",
        command=("/etc/usecase/redis.conf", "--requirepass", PASSWORD),
        uri=f"redis://:{PASSWORD}@127.0.0.1:{{port}}/0",
        greeting=f"AUTH {PASSWORD}\r\nPING\r\n".encode(),
        answer=b"+OK\r\n+PONG\r\n",
    ),
    "mongodb": Recipe(
        ports=(27017,),
        # Through the image's own entrypoint, and without a login: mongo:8 and the stand-in then start alike.
        command=("mongod", "--bind_ip_all"),
        uri="mongodb://127.0.0.1:{port}/task_analytics_db",
        # OP_MSG 1 with the BSON document {hello: 1, $db: "admin"}; any reply will do.
        greeting=bytes.fromhex(
            "34000000 01000000 00000000 dd070000 00000000 00"
            "1f000000 10 68656c6c6f00 01000000 02 24646200 06000000 61646d696e00 00"
        ),
        answer=b"",
    ),
}


@dataclass(frozen=True)
class Running:
    """One backend that answers. *ports*: the server's port → the port on 127.0.0.1."""

    backend: str
    container: str
    ports: Mapping[int, int]

    @property
    def uri(self) -> str:
        recipe = RECIPES[self.backend]
        return recipe.uri.format(port=self.ports[recipe.ports[0]])

    @property
    def management(self) -> str:
        """RabbitMQ's HTTP API; its account is RABBITMQ_ACCOUNT, as name and as password."""
        return f"http://127.0.0.1:{self.ports[15672]}"

    def kill(self) -> None:
        """As a crash does it: SIGKILL, nothing flushed, nobody told."""
        _docker("kill", "--signal", "KILL", self.container)

    def pause(self) -> None:
        """Connections stay open and nothing answers, as behind a network that drops."""
        _docker("pause", self.container)

    def unpause(self) -> None:
        _docker("unpause", self.container)

    def resume(self) -> None:
        """The killed server again, with its data and on the same ports. Returns when it answers."""
        _docker("start", self.container)
        self.wait()

    def wait(self, seconds: float = READY_SECONDS) -> None:
        recipe = RECIPES[self.backend]
        deadline = time.monotonic() + seconds
        while not _answers(self.ports[recipe.ports[0]], recipe.greeting, recipe.answer):
            if time.monotonic() > deadline or not _is_running(self.container):
                log = _docker("logs", "--tail", "15", self.container)
                self.remove()
                raise ClusterError(
                    f"{self.backend} did not come up in its container {self.container}; its log ends:\n{log}"
                )
            time.sleep(0.05)

    def remove(self) -> None:
        """The container and its data."""
        remove(self.container)


def project_image(backend: str) -> str:
    """The image that `make images` pulls or builds for *backend*, as its content is now."""
    settings = environment.read()
    answers = registry.answers()
    image = next(image for image in images.IMAGES if image.name == backend)
    if answers:
        return image.official
    return images.reference(
        image, images.base_image(Progress(settings.cache), settings.cache, image.base, registry=False)
    )


def start(backend: str, image: str, container: str, ports: Mapping[int, int] | None = None) -> Running:
    """Run *backend* from *image* as *container*, and return when it answers.

    *ports* fixes ports on 127.0.0.1 (server's port → ours); free ones are taken for those it does not name.
    ClusterError says what keeps it from coming up. A container of that name must not exist.
    """
    recipe = RECIPES[backend]
    published = {port: (ports or {}).get(port) or _free_port() for port in recipe.ports}
    options = [*RESTRICTED, *recipe.options, "--name", container]
    options += [item for inside, outside in published.items() for item in ("-p", f"127.0.0.1:{outside}:{inside}")]
    options += [item for name, value in recipe.environment.items() for item in ("-e", f"{name}={value}")]
    if (CONFIGURATION / backend).is_dir():
        options += ["-v", f"{CONFIGURATION / backend}:/etc/usecase:ro"]
    if recipe.entrypoint:
        options += ["--entrypoint", recipe.entrypoint]
    try:
        _docker("run", "--detach", "--pull", "never", *options, image, *recipe.command)
    except ClusterError:
        remove(container)  # the engine keeps a container that it made and could not start
        raise
    running = Running(backend, container, published)
    running.wait()
    return running


def remove(container: str) -> None:
    """The container and its data; one that is not there is no error."""
    subprocess.run(["docker", "rm", "--force", "--volumes", container], capture_output=True, check=False)


def remove_leftovers(prefix: str) -> None:
    """Containers `<prefix><anything>-<pid>` whose process is gone: what a killed test run left behind."""
    for name in _docker("ps", "--all", "--filter", f"name=^/{prefix}", "--format", "{{.Names}}").split():
        pid = name.rsplit("-", 1)[-1]
        if pid.isdecimal() and not Path("/proc", pid).exists():
            remove(name)


def _docker(*arguments: str) -> str:
    """Output of the engine's command, stdout and stderr together; ClusterError with its last line."""
    command = ["docker", *arguments]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except FileNotFoundError:
        raise ClusterError(
            "docker is not on PATH, and the backends run in containers: `make images` installs it"
        ) from None
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if line and not line.startswith(("Run '", "See '"))]
        reason = lines[-1] if lines else "no output"
        raise ClusterError(
            f"docker {arguments[0]} failed: {reason} (`make images` starts the engine and builds the images)"
        )
    return done.stdout


def _is_running(container: str) -> bool:
    return _docker("inspect", "--format", "{{.State.Running}}", container).strip() == "true"


def _answers(port: int, greeting: bytes, answer: bytes) -> bool:
    """Whether the server itself answers: a connect alone may be taken by the engine's proxy."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(greeting)
            received = connection.recv(64)
            while received and len(received) < len(answer):
                received += connection.recv(64)
            return bool(received) and received.startswith(answer)
    except OSError:
        return False


def _free_port() -> int:
    """A port that was free a moment ago; one left to the engine to choose would change at each restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
