"""What `make services` runs follows from the example: addresses here, names and settings as on the cluster."""

import pytest
from dotenv import dotenv_values

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


def test_a_copy_of_the_example_of_settings_changes_nothing() -> None:
    copy = dotenv_values(plan.ROOT / "services" / ".env.example")
    assert plan.chosen(copy, copy) == {}
    assert plan.chosen({**copy, "BOT_TOKEN": "1:real", "BATCH_SIZE": ""}, copy) == {"BOT_TOKEN": "1:real"}


def test_without_a_token_the_bot_talks_to_the_server_of_ours() -> None:
    assert plan.names_a_bot_of_ours(services()["bot"])
    assert not plan.names_a_bot_of_ours(services(chosen={"BOT_TOKEN": "1:real"})["bot"])


def test_every_port_that_is_listened_on_is_known_with_the_variable_that_moves_it() -> None:
    env = {"PORT_POSTGRES": "15432", "PORT_BOT_API": "18081"}
    found = plan.doors([*services(env).values()], Ports(env)) + plan.backend_doors(Ports(env))
    known = {door.variable: (door.name, door.port) for door in found}
    assert known["OPS_PORT_REMINDER_WORKER"][0] == "reminder-worker"
    assert {variable: port for variable, (_, port) in known.items() if not variable.startswith("OPS_")} == {
        "PORT_API": 8000, "PORT_POSTGRES_DATA": 8001, "PORT_MONGO_DATA": 8002, "PORT_BOT_API": 18081,
        "PORT_POSTGRES": 15432, "PORT_REDIS": 6379, "PORT_MONGODB": 27017, "PORT_RABBITMQ": 5672,
        "PORT_RABBITMQ_MANAGEMENT": 15672,
    }  # fmt: skip
    assert len(found) == 15


def test_a_bot_that_talks_to_telegram_takes_no_port_for_a_server_of_ours() -> None:
    found = plan.doors([*services(chosen={"BOT_TOKEN": "1:real"}).values()], Ports({}))
    assert "PORT_BOT_API" not in {door.variable for door in found}


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
