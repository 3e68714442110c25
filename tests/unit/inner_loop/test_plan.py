"""What `make services` runs follows from the example: addresses here, names and settings as on the cluster."""

import pytest

from inner_loop import plan, topology
from inner_loop.plan import Ports, Service

STORES = {"postgres": "postgresql://here", "mongodb": "mongodb://here", "redis": "redis://here"}


def services(env: dict[str, str] | None = None, chosen: dict[str, str] | None = None) -> dict[str, Service]:
    found = plan.services(plan.example(), Ports(env or {}), STORES, "amqp://here", chosen or {})
    return {service.name: service for service in found}


def test_every_component_of_the_example_runs_on_the_seeds_ports() -> None:
    found = services()
    assert {name: service.port for name, service in found.items() if service.port} == {
        "api": 8000, "postgres-data": 8001, "mongo-data": 8002,
    }  # fmt: skip
    assert sorted(service.ops_port for service in found.values()) == list(range(9090, 9096))


def test_a_moved_port_moves_for_those_who_call_it_too() -> None:
    found = services({"PORT_POSTGRES_DATA": "18001", "OPS_PORT_API": "19090"})
    assert found["postgres-data"].env["PORT"] == "18001"
    assert found["api"].env["DATABASE_SERVICE_URL"] == "http://127.0.0.1:18001"
    assert found["api"].env["METRICS_PORT"] == "19090"


def test_stores_and_broker_are_this_machines() -> None:
    found = services()
    assert found["postgres-data"].env["DATABASE_URL"] == "postgresql://here"
    assert found["mongo-data"].env["MONGODB_URL"] == "mongodb://here"
    assert found["api"].env["REDIS_URL"] == "redis://here"
    assert [name for name, each in found.items() if each.env.get("RABBITMQ_URL") == "amqp://here"] == [
        "postgres-data", "bot", "reminder-worker", "analytics-worker",
    ]  # fmt: skip


def test_every_process_listens_on_this_machine_alone() -> None:
    assert {each.env["HOST"] for each in services().values()} == {"127.0.0.1"}


def test_both_ends_of_a_credential_agree() -> None:
    tokens = {service.env.get("INTERNAL_TOKEN") for name, service in services().items() if name != "bot"}
    assert len(tokens) == 1
    assert tokens != {None}


def test_a_developers_settings_win_over_the_example_but_not_over_addresses() -> None:
    found = services(chosen={"LOG_LEVEL": "DEBUG", "RABBITMQ_URL": "amqp://rabbitmq", "DATABASE_URL": "elsewhere"})
    assert found["api"].env["LOG_LEVEL"] == "DEBUG"
    assert found["postgres-data"].env["RABBITMQ_URL"] == "amqp://here"
    assert found["postgres-data"].env["DATABASE_URL"] == "postgresql://here"


def test_without_a_token_the_bot_talks_to_the_server_of_ours() -> None:
    assert plan.names_a_bot_of_ours(services()["bot"])
    assert not plan.names_a_bot_of_ours(services(chosen={"BOT_TOKEN": "1:real"})["bot"])


@pytest.mark.parametrize("text", ["0", "65536", "many", "-1"])
def test_a_port_that_is_none_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(ValueError, match=f"PORT_API={text}: must be a port number"):
        services({"PORT_API": text})


def test_the_broker_gets_the_operators_topology_without_its_users() -> None:
    document = topology.document(plan.example())
    assert {each["name"] for each in document["queues"]} >= {
        "task_reminders",
        "task_reminders.retry",
        "task_reminders.dlq",
    }
    assert {each["vhost"] for section in document.values() for each in section} == {"/"}
    assert document.keys() == {"exchanges", "queues", "bindings", "policies"}
