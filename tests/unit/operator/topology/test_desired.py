"""What a UseCase asks of its vhost."""

import re
from typing import Any

import pytest

from usecase_operator.model import UseCase, parse
from usecase_operator.topology.desired import component_users, desired

UID = "11111111-2222-3333-4444-555555555555"


def usecase(messaging: dict[str, Any], *components: dict[str, Any]) -> UseCase:
    return parse(
        {
            "metadata": {"name": "shop", "namespace": "prod", "uid": UID, "generation": 1},
            "spec": {
                "suspend": False,
                "progressDeadlineSeconds": 600,
                "deletionPolicy": {"messaging": "DeleteIfEmpty", "brokerTimeoutSeconds": 300},
                "isolation": {"networkPolicy": "Enforce"},
                "defaults": {},
                "infrastructure": {},
                "messaging": messaging,
                "components": [
                    {"kind": "Worker", "image": "i", "health": {}, "scaling": {"mode": "Manual"}, **each}
                    for each in components
                ],
            },
        }
    )


def queue(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "retry": {"maxTries": 5, "delaySeconds": 30},
        "singleActiveConsumer": False,
        "arguments": {},
        **fields,
    }


def consume(name: str) -> dict[str, Any]:
    return {"queue": name, "prefetch": 10, "maxProcessingSeconds": 30}


ORDERS = {
    "exchanges": [{"name": "events", "type": "topic", "arguments": {}}],
    "queues": [queue("orders")],
    "bindings": [{"exchange": "events", "queue": "orders", "routingKey": "order.#"}],
}


def topology(case: UseCase) -> Any:
    hashes = dict.fromkeys([*component_users(case).values(), "prod.shop.scaler"], "hash")
    return desired(case, hashes, "admin")


def test_a_consumed_queue_gets_a_retry_and_a_dead_letter_queue() -> None:
    wanted = topology(usecase(ORDERS, {"name": "worker", "consumes": [consume("orders")]}))
    assert sorted(wanted.queues) == ["orders", "orders.dlq", "orders.retry"]
    assert wanted.exchanges["orders.retry"].type == "fanout"
    assert ("orders.retry", "orders.retry") in {(each.exchange, each.queue) for each in wanted.bindings}


def test_a_queue_nobody_consumes_stands_alone() -> None:
    wanted = topology(usecase(ORDERS, {"name": "front", "publishes": [{"exchange": "events"}]}))
    assert sorted(wanted.queues) == ["orders"]
    # Looked at in RabbitMQ's management page 20 times, a message would be dropped.
    assert [each.definition for each in wanted.policies.values()] == [{"delivery-limit": -1}]


def test_dead_letters_never_go_in_a_circle() -> None:
    wanted = topology(usecase(ORDERS, {"name": "worker", "consumes": [consume("orders")]}))
    targets = {
        name: policy.definition.get("dead-letter-routing-key")
        for name in wanted.queues
        for policy in wanted.policies.values()
        if re.search(policy.pattern, name)
    }
    assert targets == {"orders": "orders.dlq", "orders.retry": "orders", "orders.dlq": None}


def test_the_pause_between_two_tries_is_the_retry_queues_ttl() -> None:
    slow = {**ORDERS, "queues": [queue("orders", retry={"maxTries": 3, "delaySeconds": 7})]}
    wanted = topology(usecase(slow, {"name": "worker", "consumes": [consume("orders")]}))
    assert wanted.policies["usecase.queue.orders.retry"].definition["message-ttl"] == 7000


@pytest.mark.parametrize(
    ("component", "write", "read"),
    [
        pytest.param({"publishes": [{"exchange": "events"}]}, "^events$", "^$", id="publisher"),
        pytest.param({"consumes": [consume("orders")]}, r"^orders\.retry$", "^orders$", id="consumer"),
        pytest.param(
            {"publishes": [{"exchange": "events"}], "consumes": [consume("orders")]},
            r"^(events|orders\.retry)$",
            "^orders$",
            id="both",
        ),
    ],
)
def test_rights_follow_the_edges(component: dict[str, Any], write: str, read: str) -> None:
    permission = topology(usecase(ORDERS, {"name": "one", **component})).permissions["prod.shop.one"]
    assert (permission.configure, permission.write, permission.read) == ("^$", write, read)


def test_a_component_without_a_broker_edge_has_no_user() -> None:
    assert component_users(usecase(ORDERS, {"name": "idle"})) == {}


def test_the_scaler_may_look_and_nothing_else() -> None:
    scaling = {"mode": "Queue", "min": 0, "max": 5, "queue": {"name": "orders", "messagesPerReplica": 10}}
    wanted = topology(usecase(ORDERS, {"name": "worker", "consumes": [consume("orders")], "scaling": scaling}))
    assert "management" in wanted.users["prod.shop.scaler"].tags
    permission = wanted.permissions["prod.shop.scaler"]
    assert {permission.configure, permission.write, permission.read} == {"^$"}


def test_a_queue_with_a_length_limit_drops_its_oldest() -> None:
    bounded = {**ORDERS, "queues": [queue("orders", maxMessages=10, messageTtlSeconds=60)]}
    wanted = topology(usecase(bounded, {"name": "front"}))
    assert wanted.policies["usecase.queue.orders"].definition == {
        "delivery-limit": -1,
        "message-ttl": 60000,
        "max-length": 10,
        "overflow": "drop-head",
    }


@pytest.mark.parametrize(
    ("limits", "dead_letters"),
    [
        pytest.param({"messageTtlSeconds": 60}, {"message-ttl": 604_800_000, "overflow": "reject-publish"}, id="ttl"),
        pytest.param({"messageTtlSeconds": 10**6}, {"message-ttl": 10**9, "overflow": "reject-publish"}, id="long"),
        pytest.param({"maxMessages": 10}, {"max-length": 10, "overflow": "drop-head"}, id="length"),
    ],
)
def test_what_a_queue_forgets_does_not_pile_up_among_its_dead_letters(
    limits: dict[str, int], dead_letters: dict[str, Any]
) -> None:
    bounded = {**ORDERS, "queues": [queue("orders", **limits)]}
    wanted = topology(usecase(bounded, {"name": "worker", "consumes": [consume("orders")]}))
    policies = [each for each in wanted.policies.values() if re.search(each.pattern, "orders.dlq")]
    wins = max(policies, key=lambda each: each.priority)
    assert len({each.priority for each in policies}) == len(policies) == 2
    assert wins.definition == {"delivery-limit": -1, **dead_letters}


@pytest.mark.parametrize(
    ("prefetch", "processing", "held"),
    [
        pytest.param(10, 30, 1800, id="never sooner than RabbitMQ by itself"),
        pytest.param(1, 7200, 7260, id="two hours for one"),
        pytest.param(100, 60, 6060, id="the last of a hundred"),
        pytest.param(1000, 7200, 604800, id="a week at most"),
    ],
)
def test_the_broker_takes_no_message_back_that_may_still_be_worked_on(
    prefetch: int, processing: int, held: int
) -> None:
    edge = {"queue": "orders", "prefetch": prefetch, "maxProcessingSeconds": processing}
    quick = {"name": "quick", "consumes": [consume("orders")]}
    wanted = topology(usecase(ORDERS, {"name": "worker", "consumes": [edge]}, quick))
    assert wanted.policies["usecase.queue.orders"].definition["consumer-timeout"] == held * 1000


def test_vhost_and_users_carry_the_owners_uid() -> None:
    wanted = topology(usecase(ORDERS, {"name": "worker", "consumes": [consume("orders")]}))
    assert f"uid.{UID}" in wanted.vhost.tags
    assert f"uid.{UID}" in wanted.users["prod.shop.worker"].tags
