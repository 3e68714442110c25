"""Which messages what happened becomes, where they go and what they carry."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from unit.services.postgres_data.test_domain import DONE, NOW, task
from usecase_contracts import messages as contract
from usecase_contracts.messages import Change
from usecase_contracts.tasks import Priority
from usecase_postgres_data import messages
from usecase_postgres_data.messages import Outgoing
from usecase_runtime import context

CHANGES = {"title": Change(before="a", after="b")}


def where(outgoing: Sequence[Outgoing]) -> list[tuple[str, str]]:
    return [(each.exchange, each.routing_key) for each in outgoing]


def read(outgoing: Outgoing) -> Any:
    return contract.parse(outgoing.body.encode())


@pytest.mark.parametrize(
    ("completed", "event_type"), [(False, "task_updated"), (True, "task_completed")], ids=["update", "completion"]
)
def test_a_change_is_told_once(completed: bool, event_type: str) -> None:
    told = messages.changed(task(**DONE), CHANGES, NOW, completed=completed, chat=99)
    assert where(told) == [("task_events", f"task.{event_type}")]
    message = read(told[0])
    assert (message.event_type, message.event_id, message.data.id) == (event_type, told[0].event_id, 1)
    assert (message.source_service, message.timestamp) == ("task_api_service", datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert message.data.changes == CHANGES


def test_what_happens_to_an_urgent_task_is_told_to_people_too() -> None:
    told = messages.changed(task(priority=Priority.URGENT), CHANGES, NOW, completed=False, chat=99)
    assert where(told) == [("task_events", "task.task_updated"), ("urgent_notifications", "urgent.task")]
    assert told[0].event_id == told[1].event_id
    assert [read(each).data.telegram_id for each in told] == [None, 99]


def test_a_deletion_carries_the_task_as_it_was() -> None:
    (told,) = messages.deleted(task(), NOW, chat=None)
    assert (told.routing_key, read(told).data.title) == ("task.task_deleted", "Write report")


def test_a_compensation_carries_the_seeds_two_fields() -> None:
    (told,) = messages.creation_failed(5, 2, UUID(int=7), "postgres-data did not answer", NOW)
    assert told.routing_key == "task.task_creation_failed"
    assert json.loads(told.body)["data"] == {
        "id": 5, "user_id": 2, "transaction_id": str(UUID(int=7)), "error": "postgres-data did not answer",
    }  # fmt: skip


def test_a_message_names_the_request_that_caused_it() -> None:
    token = context.request_id.set("r-1")
    (told,) = messages.deleted(task(), NOW, chat=None)
    context.request_id.reset(token)
    assert read(told).request_id == "r-1"
