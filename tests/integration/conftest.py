"""Real servers for integration tests: each backend once a run, started when the first test asks for it.

A test may crash the server (`rabbitmq.kill()`, `rabbitmq.resume()`) if it leaves it running; it must not
rely on the server being empty: use names of your own (a vhost, a schema, a key prefix, a database).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from cluster import backends
from cluster.backends import Running

PREFIX = "usecase-test-"


@pytest.fixture(scope="session")
def start_backend() -> Iterator[Callable[[str], Running]]:
    """Starts a backend by name; all are removed at the end of the run, those of dead runs at its start."""
    backends.remove_leftovers(PREFIX)
    with ExitStack() as cleanup:

        def start(backend: str) -> Running:
            container = f"{PREFIX}{backend}-{os.getpid()}"
            cleanup.callback(backends.remove, container)
            return backends.start(backend, backends.project_image(backend), container)

        yield start


@pytest.fixture(scope="session")
def rabbitmq(start_backend: Callable[[str], Running]) -> Running:
    return start_backend("rabbitmq")


@pytest.fixture(scope="session")
def postgres(start_backend: Callable[[str], Running]) -> Running:
    return start_backend("postgres")


@pytest.fixture(scope="session")
def redis(start_backend: Callable[[str], Running]) -> Running:
    return start_backend("redis")


@pytest.fixture(scope="session")
def mongodb(start_backend: Callable[[str], Running]) -> Running:
    return start_backend("mongodb")


@pytest.fixture(scope="session")
def amqp_url(rabbitmq: Running) -> str:
    return rabbitmq.uri


@pytest.fixture(scope="session")
def postgres_dsn(postgres: Running) -> str:
    return postgres.uri


@pytest.fixture(scope="session")
def redis_url(redis: Running) -> str:
    return redis.uri


@pytest.fixture(scope="session")
def mongodb_url(mongodb: Running) -> str:
    return mongodb.uri
