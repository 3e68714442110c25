"""The examples: valid by shape, and true to the services they deploy."""

import pytest

from usecase_contracts import topology
from usecase_operator.graph import start_order
from usecases import EXAMPLES, example


def test_there_is_an_example_for_each_need() -> None:
    assert EXAMPLES == ["external-backends", "minimal", "queue-scaled", "task-management"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_can_be_started(name: str) -> None:
    assert start_order(example(name))


def test_the_broker_of_task_management_is_what_its_services_speak_of() -> None:
    messaging = example("task-management").spec.messaging

    assert tuple(each.name for each in messaging.exchanges) == topology.EXCHANGES
    assert {each.type for each in messaging.exchanges} == {"topic"}
    assert {(each.queue, each.exchange, each.routing_key) for each in messaging.bindings} == set(topology.BINDINGS)
    assert {each.name for each in messaging.queues} == {each.queue for each in topology.BINDINGS}


def test_messages_about_tasks_are_published_by_the_outbox_and_attachments_by_the_bot() -> None:
    publishers = {
        each.name: {edge.exchange for edge in each.publishes}
        for each in example("task-management").spec.components
        if each.publishes
    }
    assert publishers == {"postgres-data": set(topology.EXCHANGES), "bot": {topology.TASK_EVENTS}}


def test_every_queue_of_task_management_has_its_consumer() -> None:
    consumers = {edge.queue: each.name for each in example("task-management").spec.components for edge in each.consumes}
    assert consumers == {
        topology.TASK_REMINDERS_QUEUE: "reminder-worker",
        topology.TASK_ANALYTICS_QUEUE: "analytics-worker",
        topology.BOT_NOTIFICATIONS_QUEUE: "bot",
    }


def test_the_queue_of_an_optional_bot_is_bounded() -> None:
    """It is declared even where no bot runs: nobody would empty it."""
    queues = {each.name: each for each in example("task-management").spec.messaging.queues}
    bot = queues[topology.BOT_NOTIFICATIONS_QUEUE]

    assert bot.message_ttl_seconds
    assert bot.max_messages
