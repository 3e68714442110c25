"""What callers of the data services may send."""

from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from usecase_contracts.analytics import TaskActionBatch
from usecase_contracts.reminders import ReminderCreate, ReminderKind
from usecase_contracts.tasks import Priority, TaskCreate, TaskPatch, TaskStatus
from usecase_contracts.topology import BINDINGS, EXCHANGES, dlq_of, retry_of, task_key
from usecase_contracts.users import UserCreate

USER = {"username": "testuser", "email": "test@example.com", "hashed_password": "$argon2id$v=19$x"}
REMINDER = {"task_id": 1, "user_id": 1, "reminder_time": "2026-11-23T09:30:00Z", "message": "due in 1 hour"}


def test_a_create_needs_only_an_owner_and_a_title() -> None:
    task = TaskCreate(user_id=1, title="Write report")
    assert (task.priority, task.status, task.due_date) == (Priority.MEDIUM, "pending", None)
    assert isinstance(task.transaction_id, UUID)


@pytest.mark.parametrize(
    ("asked", "stored"), [("active", "pending"), ("pending", "pending"), ("in_progress", "in_progress")]
)
def test_a_task_is_not_active_before_its_message_is_out(asked: str, stored: str) -> None:
    assert TaskCreate.model_validate({"user_id": 1, "title": "t", "status": asked}).status == stored


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        pytest.param(TaskCreate, {"user_id": 1}, id="a task without title"),
        pytest.param(TaskCreate, {"user_id": 1, "title": "t", "owner": 2}, id="a field nobody knows"),
        pytest.param(TaskCreate, {"user_id": 1, "title": "t", "status": "completed"}, id="created as completed"),
        pytest.param(TaskCreate, {"user_id": 1, "title": "t", "priority": "highest"}, id="a fifth priority"),
        pytest.param(TaskCreate, {"user_id": 1, "title": None}, id="title null"),
        pytest.param(TaskPatch, {"title": None}, id="patch title to null"),
        pytest.param(TaskPatch, {"status": None}, id="patch status to null"),
        pytest.param(TaskPatch, {"priority": None}, id="patch priority to null"),
        pytest.param(TaskPatch, {"status": "failed"}, id="a status of the storage alone"),
        pytest.param(TaskPatch, {"user_id": 2}, id="give a task away"),
        pytest.param(ReminderCreate, {**REMINDER, "repeat_seconds": 21_599}, id="nag oftener than 6 hours"),
        pytest.param(UserCreate, {**USER, "username": "a b"}, id="a blank in a name"),
        pytest.param(UserCreate, {**USER, "username": "ab"}, id="a name of two"),
        pytest.param(UserCreate, {**USER, "email": "nobody"}, id="an address without host"),
        pytest.param(UserCreate, {**USER, "hashed_password": "testpass123"}, id="a password in clear"),
        pytest.param(TaskActionBatch, {"records": []}, id="an empty batch"),
    ],
)
def test_what_makes_no_sense_is_refused(model: type[BaseModel], sent: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(sent)


def test_a_patch_knows_null_from_left_out() -> None:
    patch = TaskPatch.model_validate({"due_date": None, "status": "completed"})
    assert patch.sent() == {"due_date": None, "status": TaskStatus.COMPLETED}


def test_the_document_of_a_patch_says_where_null_is_refused() -> None:
    properties = TaskPatch.model_json_schema()["properties"]
    assert {"type": "null"} in properties["due_date"]["anyOf"]
    assert properties["title"]["type"] == "string"


def test_the_seeds_four_fields_make_a_custom_reminder() -> None:
    assert ReminderCreate.model_validate(REMINDER).kind is ReminderKind.CUSTOM


def test_the_seeds_key_formula_is_read_literally() -> None:
    assert task_key("task_created") == "task.task_created"


def test_every_binding_names_a_declared_exchange() -> None:
    assert {binding.exchange for binding in BINDINGS} == set(EXCHANGES)


def test_a_queue_has_a_place_for_retries_and_one_for_dead_letters() -> None:
    assert (retry_of("task_analytics"), dlq_of("task_analytics")) == ("task_analytics.retry", "task_analytics.dlq")
