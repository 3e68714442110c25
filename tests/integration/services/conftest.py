"""A vhost of each test's own, with the topology of the use case."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from cluster.backends import Running
from integration.services.broker import Vhost
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE


@pytest.fixture
def vhost(rabbitmq: Running) -> Iterator[Vhost]:
    made = Vhost(rabbitmq, f"test-{uuid4().hex[:12]}")
    made.make((TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE, BOT_NOTIFICATIONS_QUEUE))
    yield made
    made.remove()
