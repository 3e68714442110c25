"""The reminder worker as a process, between a real broker and a real postgres-data."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from cluster.polling import eventually
from integration.services.broker import Vhost
from integration.services.process import Process, free_port, service
from integration.services.workers import REMINDERS, acknowledged, retried, tell
from usecase_contracts.messages import DueReminder, Message, ReminderDue, parse
from usecase_contracts.topology import (
    BOT_NOTIFICATIONS_QUEUE,
    TASK_ANALYTICS_QUEUE,
    TASK_REMINDERS_QUEUE,
    dlq_of,
)

POSTGRES_DATA = "usecase_postgres_data"
HOUR = timedelta(hours=1)
ARRIVAL_SECONDS = 20
LATE_SECONDS = 2.5
"""By the database's clock. A timer that only asks again when its question has ended would be late by up to five."""


@pytest.fixture
def variables(empty_dsn: str, vhost: Vhost) -> dict[str, str]:
    port = str(free_port())
    return {"DATABASE_URL": empty_dsn, "RABBITMQ_URL": vhost.url, "CONNECTION_POOL_SIZE": "5", "PORT": port}


@pytest.fixture
def database(variables: dict[str, str]) -> Iterator[Process]:
    with service(POSTGRES_DATA, variables) as running:
        yield running


@pytest.fixture
def worker(vhost: Vhost, database: Process) -> Iterator[Process]:
    with REMINDERS.run(vhost, database.url) as running:
        yield running


@pytest.fixture
def owner(database: Process) -> int:
    body = {"username": "owner", "email": "owner@example.com", "hashed_password": "$x"}
    answer = database.http.post("/users", json=body)
    user_id: int = answer.json()["id"]
    return user_id


def now() -> datetime:
    return datetime.now(UTC)


def create(database: Process, owner: int, **values: Any) -> int:
    body = {"user_id": owner, "title": "Call mom", "transaction_id": str(uuid4())}
    answer = database.http.post("/tasks", json=body | {name: plain(value) for name, value in values.items()})
    assert answer.status_code == 201, answer.text
    task: int = answer.json()["id"]
    return task


def change(database: Process, task: int, **values: Any) -> None:
    answer = database.http.patch(f"/tasks/{task}", json={name: plain(value) for name, value in values.items()})
    assert answer.status_code == 200, answer.text


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def reminders(database: Process, task: int) -> list[tuple[str, str, datetime]]:
    found = database.http.get(f"/tasks/{task}/reminders").json()["data"]
    return [(each["kind"], each["state"], datetime.fromisoformat(each["reminder_time"])) for each in found]


def states(database: Process, task: int) -> list[tuple[str, str]]:
    return [(kind, state) for kind, state, _ in reminders(database, task)]


def told(vhost: Vhost) -> list[ReminderDue]:
    """The reminders that wait for the bot."""
    found = [parse(message["payload"].encode()) for message in vhost.messages(BOT_NOTIFICATIONS_QUEUE)]
    return [message for message in found if isinstance(message, ReminderDue)]


def notices(vhost: Vhost) -> list[DueReminder]:
    """What they tell."""
    return [message.data for message in told(vhost)]


def events(vhost: Vhost) -> list[Message]:
    """Every task event so far: the analytics queue has the same, and nobody reads it here."""
    return [parse(message["payload"].encode()) for message in vhost.messages(TASK_ANALYTICS_QUEUE)]


def custom(database: Process, task: int, owner: int, at: datetime) -> None:
    """A reminder that a user asks for: no worker hears of it."""
    body = {"task_id": task, "user_id": owner, "reminder_time": at.isoformat(), "message": "now"}
    assert database.http.post("/reminders", json=body).status_code == 201


def arrival(vhost: Vhost, wanted: int = 1) -> list[ReminderDue]:
    """So many reminders, once they wait for the bot."""
    return eventually(
        lambda: len(found := told(vhost)) >= wanted and found, ARRIVAL_SECONDS, f"{wanted} notices", every=0.02
    )


def lateness(database: Process, message: ReminderDue) -> timedelta:
    """How long a reminder was known and due when it was dispatched: three moments of the database's clock."""
    stored = database.http.get(f"/tasks/{message.data.id}/reminders").json()["data"]
    (known,) = [each["created_at"] for each in stored if each["id"] == message.data.reminder_id]
    return message.timestamp - max(message.data.reminder_time, datetime.fromisoformat(known))


def in_time(database: Process, message: ReminderDue) -> bool:
    return timedelta() <= lateness(database, message) < timedelta(seconds=LATE_SECONDS)


def test_a_due_date_is_followed_through_a_tasks_life(worker: Process, database: Process, owner: int) -> None:
    due = (now() + 5 * HOUR).replace(microsecond=0)
    task = create(database, owner, due_date=due)
    both = [("due_soon", "scheduled", due - HOUR), ("overdue", "scheduled", due)]
    eventually(lambda: reminders(database, task) == both, 10, "both reminders", every=0.02)

    change(database, task, due_date=due + HOUR)
    moved = [("due_soon", "scheduled", due), ("overdue", "scheduled", due + HOUR)]
    eventually(lambda: reminders(database, task) == moved, 10, "both moved", every=0.02)

    change(database, task, due_date=None)
    gone = [("due_soon", "cancelled"), ("overdue", "cancelled")]
    eventually(lambda: states(database, task) == gone, 10, "both cancelled", every=0.02)

    change(database, task, due_date=due)
    eventually(lambda: reminders(database, task) == both, 10, "both again", every=0.02)

    change(database, task, status="completed")
    eventually(lambda: states(database, task) == gone, 10, "both cancelled by completion", every=0.02)

    change(database, task, status="active")
    eventually(lambda: reminders(database, task) == both, 10, "both after reopening", every=0.02)

    change(database, task, status="cancelled")
    eventually(lambda: states(database, task) == gone, 10, "both cancelled with the task", every=0.02)


def test_what_is_asked_for_ends_with_its_task(worker: Process, database: Process, owner: int, vhost: Vhost) -> None:
    finished, deleted, undone = [create(database, owner, due_date=now() + HOUR * 5) for _ in range(3)]
    soon = now() + timedelta(seconds=4)
    for task in (finished, deleted, undone):
        custom(database, task, owner, soon)
    change(database, finished, status="completed")
    assert database.http.delete(f"/tasks/{deleted}").status_code < 300
    transaction = database.http.get(f"/tasks/{undone}").json()["transaction_id"]
    failure = {"user_id": owner, "error": "no answer"}
    assert database.http.post(f"/transactions/{transaction}/fail", json=failure).status_code == 200
    sentinel = create(database, owner)
    custom(database, sentinel, owner, soon + timedelta(seconds=0.5))
    arrival(vhost)
    assert {each.id for each in notices(vhost)} == {sentinel}
    assert ("custom", "cancelled") in states(database, finished)


def test_a_reminder_is_sent_at_its_time_with_what_the_bot_needs(
    worker: Process, database: Process, owner: int, vhost: Vhost
) -> None:
    due = now() + HOUR + timedelta(seconds=3)
    task = create(database, owner, due_date=due, priority="high")
    (message,) = arrival(vhost)
    notice = message.data
    assert notice.reminder_time == due - HOUR
    assert in_time(database, message)
    assert (notice.kind, notice.id, notice.title, notice.user_id) == ("due_soon", task, "Call mom", owner)
    assert notice.message == "Reminder: 'Call mom' is due in 1 hour"
    assert states(database, task) == [("due_soon", "sent"), ("overdue", "scheduled")]


def test_a_task_due_within_the_hour_is_told_of_at_once_and_once(
    worker: Process, database: Process, owner: int, vhost: Vhost
) -> None:
    task = create(database, owner, due_date=now() + timedelta(minutes=25, seconds=5))
    (message,) = arrival(vhost)
    assert in_time(database, message)
    change(database, task, title="Call dad")
    eventually(lambda: [each.event_type for each in events(vhost)] == ["task_created", "task_updated"], 10, "the event")
    custom(database, task, owner, now())
    arrival(vhost, wanted=2)
    first, second = notices(vhost)
    assert (first.message, second.kind) == ("Reminder: 'Call mom' is due in 25 minutes", "custom")


def test_an_overdue_task_is_told_of_and_again_after_a_day(
    worker: Process, database: Process, owner: int, vhost: Vhost
) -> None:
    due = now() + timedelta(seconds=3)
    task = create(database, owner, due_date=due)
    # It is told of as due soon before, unless the worker heard of it too late for that.
    overdue = eventually(
        lambda: [each for each in told(vhost) if each.data.kind == "overdue"], ARRIVAL_SECONDS, "the notice", every=0.02
    )
    assert [each.data.reminder_time for each in overdue] == [due]
    assert in_time(database, overdue[0])
    (again,) = [at for kind, state, at in reminders(database, task) if (kind, state) == ("overdue", "scheduled")]
    assert timedelta() <= again - due - timedelta(days=1) < timedelta(minutes=1)


def test_events_that_come_again_or_too_late_change_nothing(
    worker: Process, database: Process, owner: int, vhost: Vhost
) -> None:
    due = (now() + 5 * HOUR).replace(microsecond=0)
    task = create(database, owner, due_date=due)
    change(database, task, due_date=due + HOUR)
    moved = [("due_soon", "scheduled", due), ("overdue", "scheduled", due + HOUR)]
    eventually(lambda: reminders(database, task) == moved, 10, "both moved", every=0.02)
    created, updated = eventually(lambda: len(found := events(vhost)) == 2 and found, 10, "two events")
    tell(vhost, created, updated, created)
    eventually(lambda: acknowledged(worker) == 5, 10, "five messages", every=0.02)
    assert reminders(database, task) == moved
    assert vhost.messages(dlq_of(TASK_REMINDERS_QUEUE)) == []


def test_two_workers_send_each_reminder_once_and_at_its_time(vhost: Vhost, database: Process, owner: int) -> None:
    with REMINDERS.run(vhost, database.url), REMINDERS.run(vhost, database.url):
        tasks = [create(database, owner) for _ in range(30)]
        at = now() + timedelta(seconds=5)
        for task in tasks:
            custom(database, task, owner, at)
        sent = arrival(vhost, wanted=len(tasks))
    assert all(in_time(database, message) for message in sent)
    assert sorted(each.id for each in notices(vhost)) == sorted(tasks)


def test_the_death_of_a_worker_makes_no_reminder_late(vhost: Vhost, database: Process, owner: int) -> None:
    with REMINDERS.run(vhost, database.url) as mortal:
        due = now() + HOUR + timedelta(seconds=5)
        task = create(database, owner, due_date=due)
        eventually(lambda: states(database, task), 5, "its reminders", every=0.02)
        with REMINDERS.run(vhost, database.url):
            mortal.stop(signal.SIGKILL)
            (message,) = arrival(vhost)
    assert message.data.reminder_time == due - HOUR
    assert in_time(database, message)


def test_postgres_data_may_be_away_for_longer_than_any_number_of_tries(variables: dict[str, str], vhost: Vhost) -> None:
    with service(POSTGRES_DATA, variables) as database:
        address = database.url
        body = {"username": "owner", "email": "owner@example.com", "hashed_password": "$x"}
        owner = database.http.post("/users", json=body).json()["id"]
        task = create(database, owner, due_date=now() + HOUR + timedelta(seconds=1))
        eventually(lambda: vhost.messages(TASK_REMINDERS_QUEUE), 10, "its event")
    with REMINDERS.run(vhost, address, TASK_REMINDERS_MAX_TRIES="1") as worker:
        eventually(lambda: retried(worker) >= 2, 30, "the event put aside twice")
        assert worker.ready()
        with service(POSTGRES_DATA, variables) as database:
            arrival(vhost)
            assert states(database, task)[0] == ("due_soon", "sent")
    assert vhost.messages(dlq_of(TASK_REMINDERS_QUEUE)) == []


def test_a_stop_in_the_middle_loses_no_event(vhost: Vhost, database: Process, owner: int) -> None:
    due = now() + 5 * HOUR
    tasks = [create(database, owner, due_date=due) for _ in range(60)]
    with REMINDERS.run(vhost, database.url) as worker:
        eventually(lambda: any(states(database, task) for task in tasks), 10, "the first reminder", every=0.01)
        assert worker.stop() == 0
    with REMINDERS.run(vhost, database.url):
        eventually(lambda: all(len(states(database, task)) == 2 for task in tasks), 20, "all reminders")
    assert vhost.messages(dlq_of(TASK_REMINDERS_QUEUE)) == []
