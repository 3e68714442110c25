"""The running api, one for the tests of each file that imports this fixture."""

from collections.abc import Iterator

import pytest

from cluster.backends import Running
from integration.services.api.running import Api, running_api


@pytest.fixture(scope="module")
def api(rabbitmq: Running, postgres: Running, redis: Running, mongodb: Running) -> Iterator[Api]:
    with running_api(rabbitmq, postgres, redis, mongodb) as running:
        yield running
