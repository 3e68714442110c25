"""Create: row and message together or not at all, once for each transaction id, however many ask at once."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from integration.services.postgres_data.outgoing import outbox, told
from usecase_contracts.tasks import Priority, Task, TaskCreate
from usecase_contracts.users import LinkCode, TelegramLink
from usecase_http.problem import Problem
from usecase_postgres_data.database import Pool
from usecase_postgres_data.store import creation, tasks, users
from usecase_postgres_data.store.creation import Outcome

DUE = datetime(2026, 12, 24, 18, 0, 0, 123456, tzinfo=UTC)
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


async def create(pool: Pool, *asked: TaskCreate) -> list[Outcome]:
    return await creation.create(pool, [(task, "r-1", TRACE) for task in asked])


def made(outcome: Outcome) -> Task:
    assert isinstance(outcome, bytes), outcome
    return Task.model_validate_json(outcome)


def refused(outcome: Outcome) -> tuple[int, Any]:
    assert isinstance(outcome, Problem), outcome
    return outcome.status, outcome.members["type"]


async def count(pool: Pool, table: str) -> int:
    found: int = await pool.fetchval(f"select count(*) from {table}")
    return found


async def test_a_create_stores_the_row_as_pending_and_its_message(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Grüße 'quoted' \\ \"", description="line\nbreak", due_date=DUE)
    task = made((await create(pool, asked))[0])
    assert (task.title, task.description, task.due_date, task.status) == (asked.title, "line\nbreak", DUE, "active")
    assert await pool.fetchval("select status from tasks where id = $1", task.id) == "pending"
    ((exchange, key, message),) = await outbox(pool)
    assert (exchange, key) == ("task_events", "task.task_created")
    assert message.data.model_dump(exclude={"telegram_id"}) == task.model_dump()
    assert (message.request_id, message.timestamp) == ("r-1", task.created_at)
    row = await pool.fetchrow("select request_id, traceparent, event_id from outbox")
    assert row is not None
    assert (row["request_id"], row["traceparent"], row["event_id"]) == ("r-1", TRACE, message.event_id)


async def test_an_urgent_create_also_goes_to_people(pool: Pool, owner: int) -> None:
    await users.put_link_code(pool, owner, LinkCode(code_hash="a" * 64, expires_at=datetime(2099, 1, 1, tzinfo=UTC)))
    await users.link_telegram(pool, TelegramLink(code_hash="a" * 64, telegram_id=4711))
    await create(pool, TaskCreate(user_id=owner, title="Fire", priority=Priority.URGENT))
    plain, urgent = await outbox(pool)
    assert (urgent[0], urgent[1]) == ("urgent_notifications", "urgent.task")
    assert (plain[2].data.telegram_id, urgent[2].data.telegram_id) == (None, 4711)
    assert plain[2].event_id == urgent[2].event_id


async def test_the_same_transaction_again_gives_the_same_task(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Once")
    first, second = [made((await create(pool, asked))[0]) for _ in range(2)]
    assert first == second
    assert (await count(pool, "tasks"), await count(pool, "outbox")) == (1, 1)


async def test_many_at_once_make_each_transaction_once(pool: Pool, owner: int) -> None:
    asked = [TaskCreate(user_id=owner, title=f"Task {number}") for number in range(20)]
    batches = [asked, list(reversed(asked)), asked[::2], asked[1::2]] * 3
    answers = await asyncio.gather(*(create(pool, *batch) for batch in batches))
    for batch, outcomes in zip(batches, answers, strict=True):
        assert [made(outcome).transaction_id for outcome in outcomes] == [task.transaction_id for task in batch]
    assert (await count(pool, "tasks"), await count(pool, "outbox")) == (20, 20)


async def test_a_transaction_twice_in_one_batch_makes_one_task(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Once")
    first, second = await create(pool, asked, asked)
    assert made(first) == made(second)
    assert (await count(pool, "tasks"), await count(pool, "outbox")) == (1, 1)


async def test_one_bad_create_does_not_spoil_its_batch(pool: Pool, owner: int) -> None:
    good, stranger = TaskCreate(user_id=owner, title="Good"), TaskCreate(user_id=999_999, title="Whose?")
    # Past every check of the contract, so that PostgreSQL has to refuse it.
    broken = TaskCreate.model_construct(**{**dict(good), "transaction_id": uuid4(), "title": "nul\x00"})
    outcomes = await create(pool, stranger, good, broken)
    assert refused(outcomes[0]) == (404, "urn:usecase:user-not-found")
    assert made(outcomes[1]).title == "Good"
    assert refused(outcomes[2])[0] == 422
    assert (await count(pool, "tasks"), await count(pool, "outbox")) == (1, 1)


async def test_a_transaction_that_was_given_up_is_refused(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Late")
    failed = await tasks.fail(pool, asked.transaction_id, owner, "no answer")
    assert failed.outcome == "refused"
    assert refused((await create(pool, asked))[0]) == (409, "urn:usecase:transaction-failed")
    assert await told(pool) == ["task_creation_failed"]


async def test_a_create_does_not_bring_back_a_deleted_task(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Gone")
    task = made((await create(pool, asked))[0])
    await tasks.delete(pool, task.id, owner)
    assert refused((await create(pool, asked))[0]) == (409, "urn:usecase:transaction-failed")


async def test_nobody_gets_a_task_by_somebody_elses_transaction(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Mine")
    await create(pool, asked)
    other = await pool.fetchval(
        "insert into users (username, email, hashed_password) values ('other', 'o@example.com', '$x') returning id"
    )
    theirs = asked.model_copy(update={"user_id": other})
    assert refused((await create(pool, theirs))[0])[0] == 409


@pytest.mark.parametrize("order", ["create first", "give up first"])
async def test_a_create_and_its_giving_up_at_once_agree(pool: Pool, owner: int, order: str) -> None:
    for _ in range(20):
        asked = TaskCreate(user_id=owner, title="Race")
        calls = [create(pool, asked), tasks.fail(pool, asked.transaction_id, owner, "no answer")]
        done = await asyncio.gather(*(calls if order == "create first" else reversed(calls)))
        outcome, failed = done if order == "create first" else reversed(done)
        assert failed.outcome == ("failed" if isinstance(outcome[0], bytes) else "refused")
        status = await pool.fetchval("select status from tasks where transaction_id = $1", asked.transaction_id)
        assert status == "failed"


async def test_giving_up_undoes_what_was_made_and_says_so_once(pool: Pool, owner: int) -> None:
    asked = TaskCreate(user_id=owner, title="Made")
    task = made((await create(pool, asked))[0])
    first, second = [await tasks.fail(pool, asked.transaction_id, owner, "no answer") for _ in range(2)]
    assert (first.outcome, first.task_id, second) == ("failed", task.id, first)
    with pytest.raises(Problem) as gone:
        await tasks.read(pool, task.id, owner)
    assert gone.value.status == 404
    assert await told(pool) == ["task_created", "task_creation_failed"]
    (_, _, compensation) = (await outbox(pool))[1]
    assert (compensation.data.transaction_id, compensation.data.error) == (asked.transaction_id, "no answer")


async def test_giving_up_for_nobody_is_not_found(pool: Pool, owner: int) -> None:
    with pytest.raises(Problem) as unknown:
        await tasks.fail(pool, UUID(int=5), 999_999, "no answer")
    assert unknown.value.status == 404


async def test_the_row_and_the_message_say_the_same_status(pool: Pool, owner: int) -> None:
    outcome = (await create(pool, TaskCreate(user_id=owner, title="Begun", status="in_progress")))[0]
    assert isinstance(outcome, bytes)
    (_, _, message) = (await outbox(pool))[0]
    assert (json.loads(outcome)["status"], message.data.status) == ("in_progress", "in_progress")
