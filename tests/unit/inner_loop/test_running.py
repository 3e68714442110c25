"""Whoever else listens on a port of the loop is told before anything starts; what a killed loop left is no obstacle."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.errors import ClusterError
from inner_loop import running
from inner_loop.plan import Door, Ports


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def test_a_taken_port_is_refused_by_its_variable(taken: int) -> None:
    with pytest.raises(ClusterError, match=f"port {taken}, which postgres needs, is taken: .*set PORT_POSTGRES"):
        running.refuse_taken([Door(taken, "postgres", "PORT_POSTGRES")])


def test_a_free_port_is_let_be(taken: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = int(other.getsockname()[1])
    running.refuse_taken([Door(free, "postgres", "PORT_POSTGRES")])


def test_backends_of_a_killed_loop_are_removed_before_their_ports_are_looked_at(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is played: it notes what it is asked."""
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    ports = Ports({"PORT_RABBITMQ": str(taken)})
    with pytest.raises(ClusterError, match="set PORT_RABBITMQ"), running.containers(ports):
        pass
    asked = (tmp_path / "asked").read_text().splitlines()
    assert "rm --force --volumes usecase-services-postgres-5432" in asked
    assert [line for line in asked if not line.startswith("rm ")] == []
