"""`make services` as a developer types it: all six and their backends, one log, one end. On ports of the test's own."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cluster.polling import eventually
from inner_loop import plan, running

ROOT = Path(__file__).parents[2]
SERVED = [
    "API",
    "POSTGRES_DATA",
    "MONGO_DATA",
    "BOT_API",
    "RABBITMQ",
    "RABBITMQ_MANAGEMENT",
    "POSTGRES",
    "REDIS",
    "MONGODB",
]
NAMES = [component.name for component in plan.example().spec.components]
START_SECONDS, STOP_SECONDS = 180, 60


def make(target: str, env: dict[str, str], **variables: str) -> "subprocess.CompletedProcess[str]":
    command = ["make", "--no-print-directory", target, *(f"{key}={value}" for key, value in variables.items())]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
    )


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def own_ports() -> dict[str, str]:
    variables = [f"PORT_{name}" for name in SERVED] + [f"OPS_PORT_{name.upper().replace('-', '_')}" for name in NAMES]
    return dict(zip(variables, map(str, free_ports(len(variables))), strict=True))


def ready(ports: dict[str, str]) -> list[str]:
    """Which of the six say that they are."""
    return [name for name in NAMES if _is_ready(ports[f"OPS_PORT_{name.upper().replace('-', '_')}"])]


def _is_ready(port: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def left_behind(ports: dict[str, str]) -> list[str]:
    """Ports on which somebody still listens, and containers that are still there, running or not."""
    listed = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    containers = running.container_names(plan.Ports(ports)).values()
    return [name for name, port in ports.items() if _listens(port)] + [name for name in containers if name in listed]


def _listens(port: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[dict[str, str], "subprocess.Popen[bytes]", Path]]:
    """`make services` as it runs in a terminal: its ports, the process, and what stands on the screen."""
    ports, screen = own_ports(), tmp_path / "screen"
    with (
        screen.open("wb") as output,
        subprocess.Popen(
            ["make", "--no-print-directory", "services"],
            cwd=ROOT, env={**os.environ, **ports}, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            yield ports, process, screen
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(STOP_SECONDS)
            running.remove(running.container_names(plan.Ports(ports)))


def test_one_terminal_shows_all_six_and_ctrl_c_ends_everything(
    terminal: tuple[dict[str, str], "subprocess.Popen[bytes]", Path],
) -> None:
    ports, process, screen = terminal
    eventually(lambda: ready(ports) == NAMES or process.poll() is not None, START_SECONDS, "six ready services")
    assert process.poll() is None, screen.read_text()
    assert len(left_behind(ports)) == len(ports) + 4, "before the end all of it is there"
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to make and to all that make runs
    process.wait(STOP_SECONDS)
    assert left_behind(ports) == []
    shown = screen.read_text()
    assert '"service":"postgres-data"' in shown  # which tells of its migrations; the others wait for work
    assert [name for name in NAMES if f"{name} stopped" not in shown] == []


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    return own_ports()


@pytest.fixture(scope="module")
def loop(ports: dict[str, str]) -> Iterator[dict[str, str]]:
    done = make("services", ports, DETACH="1")
    assert done.returncode == 0, done.stdout + done.stderr
    yield ports
    assert make("services-down", ports).returncode == 0
    assert left_behind(ports) == []


def test_all_six_are_ready_when_it_returns(loop: dict[str, str]) -> None:
    assert ready(loop) == NAMES


def test_a_task_travels_from_the_api_to_its_analytics(loop: dict[str, str]) -> None:
    name = f"dev-{uuid4().hex[:8]}"
    with httpx.Client(base_url=f"http://127.0.0.1:{loop['PORT_API']}/api/v1") as http:
        body = {"username": name, "email": f"{name}@example.com", "password": "correct horse battery"}
        token = http.post("/auth/register", json=body).raise_for_status().json()["access_token"]
        http.headers["authorization"] = f"Bearer {token}"
        http.post("/tasks", json={"title": "Try the inner loop"}).raise_for_status()

        def counted() -> bool:
            analytics = http.get("/tasks").raise_for_status().json()["analytics"]
            return bool(analytics) and analytics["created"] == 1

        eventually(counted, timeout=10, what="the task's analytics")


def test_a_second_one_is_refused_with_what_to_do(loop: dict[str, str]) -> None:
    moved = {**loop, **{name: str(port) for name, port in zip(loop, free_ports(len(loop)), strict=True)}}
    again = make("services", moved, DETACH="1")
    assert again.returncode != 0
    assert "make services-down ends them" in again.stderr


def test_a_taken_port_is_named_with_the_variable_that_moves_it(loop: dict[str, str]) -> None:
    taken = make("services", loop, DETACH="1")
    assert taken.returncode != 0
    assert "is taken: stop what listens there, or set" in taken.stderr
