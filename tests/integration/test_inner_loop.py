"""`make services` as a developer types it: all six and their backends, one log, one end. On ports of the test's own."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cluster.polling import eventually
from inner_loop import plan

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


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    variables = [f"PORT_{name}" for name in SERVED] + [f"OPS_PORT_{name.upper().replace('-', '_')}" for name in NAMES]
    return dict(zip(variables, map(str, free_ports(len(variables))), strict=True))


@pytest.fixture(scope="module")
def loop(ports: dict[str, str]) -> Iterator[dict[str, str]]:
    done = make("services", ports, DETACH="1")
    assert done.returncode == 0, done.stdout + done.stderr
    yield ports
    assert make("services-down", ports).returncode == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{ports['PORT_API']}/health")
    containers = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    assert f"usecase-services-rabbitmq-{ports['PORT_RABBITMQ']}" not in containers.stdout


def test_all_six_are_ready_when_it_returns(loop: dict[str, str]) -> None:
    answers = {name: httpx.get(f"http://127.0.0.1:{loop[name]}/readyz").status_code for name in loop if "OPS" in name}
    assert set(answers.values()) == {200}
    assert len(answers) == 6


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
