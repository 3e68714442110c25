"""The status as the operator's memory: what is written is what is read back."""

from usecase_operator.status import (
    BlockedOn,
    BrokerConnection,
    ComponentStatus,
    Condition,
    Inventory,
    MessagingStatus,
    QueueStatus,
    Replicas,
    Status,
    as_json,
    parse_status,
)

FULL = Status(
    observed_generation=4,
    components_ready="1/2",
    backlog="10-99",
    dead_letters=0,
    conditions=(Condition("Ready", "False", "RollingOut", "api: 0/1 ready", "2026-01-01T00:00:00Z", 4),),
    components=(
        ComponentStatus(
            name="api",
            kind="API",
            state="Blocked",
            blocked_on=(BlockedOn("data", "Ready"),),
            replicas=Replicas(from_spec=0, desired=0, source="Manual", by="kubectl"),
            scaling_mode="Manual",
        ),
    ),
    messaging=MessagingStatus(
        "prod.shop", BrokerConnection("admin", 5672), (QueueStatus("jobs", "0", 1, 0),), Inventory(queues=("jobs",))
    ),
)


def test_what_was_written_is_read_back() -> None:
    assert parse_status({"status": as_json(FULL)}) == FULL


def test_zero_is_said_and_absence_is_not() -> None:
    written = as_json(FULL)

    assert written["deadLetters"] == 0
    assert written["components"][0]["replicas"] == {"fromSpec": 0, "desired": 0, "source": "Manual", "by": "kubectl"}
    assert "endpoints" not in written


def test_a_fresh_resource_has_no_memory() -> None:
    assert parse_status({"status": {"observedGeneration": -1}}) == Status()
    assert parse_status({}) == Status()


def test_parts_are_found_by_name() -> None:
    assert FULL.condition("Ready") is FULL.conditions[0]
    assert FULL.component("api") is FULL.components[0]
    assert (FULL.condition("Accepted"), FULL.component("bot")) == (None, None)
