"""The words in which people ask for tasks."""

import pytest
from pydantic import ValidationError

from usecase_contracts.own_tasks import NewTask, TaskChange
from usecase_contracts.tasks import TaskStatus


def test_todo_is_another_word_for_active() -> None:
    assert NewTask.model_validate({"title": "t", "status": "todo"}).status == "active"
    assert TaskChange.model_validate({"status": "todo"}).sent() == {"status": TaskStatus.ACTIVE}


def test_a_change_says_only_what_was_sent() -> None:
    change = TaskChange.model_validate({"due_date": None, "status": "completed"})
    assert change.model_dump_json(exclude_unset=True) == '{"due_date":null,"status":"completed"}'


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({}, id="no title"),
        pytest.param({"title": ""}, id="an empty title"),
        pytest.param({"title": "t" * 256}, id="a title too long"),
        pytest.param({"title": 5}, id="a number as title"),
        pytest.param({"title": None}, id="null as title"),
        pytest.param({"title": "a\x00b"}, id="a title with NUL"),
        pytest.param({"title": "t", "description": "d" * 2001}, id="a description too long"),
        pytest.param({"title": "t", "priority": "highest"}, id="a fifth priority"),
        pytest.param({"title": "t", "priority": None}, id="null as priority"),
        pytest.param({"title": "t", "due_date": "tomorrow"}, id="a date in words"),
        pytest.param({"title": "t", "due_date": 1764000000}, id="a date as a number"),
        pytest.param({"title": "t", "due_date": "2026-02-30T10:00:00"}, id="the 30th of February"),
        pytest.param({"title": "t", "status": "completed"}, id="created as completed"),
        pytest.param({"title": "t", "status": "pending"}, id="a status of the storage alone"),
        pytest.param({"title": "t", "user_id": 2}, id="somebody else's task"),
        pytest.param({"title": "t", "transaction_id": "7b0b6ad4-6f0e-4f0a-9a3e-000000000001"}, id="a transaction"),
        pytest.param({"title": "t", "colour": "red"}, id="a field nobody knows"),
    ],
)
def test_a_new_task_that_makes_no_sense_is_refused(sent: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NewTask.model_validate(sent)


@pytest.mark.parametrize("status", [None, "failed", "pending", "deleted", "", 1, True, ["active"]])
def test_a_status_nobody_may_set_is_refused(status: object) -> None:
    with pytest.raises(ValidationError):
        TaskChange.model_validate({"status": status})
