"""A create whose outcome is unknown is given up; one that certainly was not done is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from integration.services.waiting import until
from unit.services.api.peers import NO_REDIS, Answer, Asked, DataService, client_of
from usecase_api.store import giving_up as module
from usecase_api.store.cache import Cache
from usecase_api.store.giving_up import GivingUp
from usecase_api.store.peer import Peer
from usecase_api.store.shared import open_shared
from usecase_api.store.tasks import Tasks
from usecase_contracts.own_tasks import NewTask
from usecase_http import client as http_module
from usecase_http.client import http_client
from usecase_http.problem import Problem
from usecase_runtime.server import Receive, Scope, Send, serving

TASK = NewTask(title="t")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "FIRST_WAIT_SECONDS", 0)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)


@asynccontextmanager
async def tasks_over(says: Callable[[Asked], Answer]) -> AsyncIterator[tuple[Tasks, DataService, GivingUp]]:
    service = DataService(says)
    async with client_of(service) as client, open_shared(NO_REDIS) as shared:
        giving_up = GivingUp(client)
        yield Tasks(Peer("postgres-data", client), Cache(shared), giving_up), service, giving_up
        await giving_up.close(5)


def failures(service: DataService) -> list[Asked]:
    return [asked for asked in service.asked if asked.path.startswith("/transactions/")]


async def refused(tasks: Tasks) -> Problem:
    with pytest.raises(Problem) as raised:
        await tasks.create(7, TASK)
    return raised.value


async def test_all_tries_share_a_transaction() -> None:
    answers = iter([(500, {}), (503, {}), (201, {"id": 1})])
    async with tasks_over(lambda _: next(answers)) as (tasks, service, _):
        assert await tasks.create(7, TASK) == b'{"id": 1}'
    assert len({asked.body["transaction_id"] for asked in service.asked}) == 1
    assert {asked.body["user_id"] for asked in service.asked} == {7}
    assert failures(service) == []


async def test_an_unknown_outcome_is_given_up_before_the_503() -> None:
    def says(asked: Asked) -> Answer:
        return (500, {}) if asked.path == "/tasks" else (200, {})

    async with tasks_over(says) as (tasks, service, _):
        problem = await refused(tasks)
        (given_up,) = failures(service)
    assert (problem.status, problem.headers["retry-after"]) == (503, "2")
    assert given_up.path == f"/transactions/{service.asked[0].body['transaction_id']}/fail"
    assert given_up.body["user_id"] == 7


async def test_giving_up_goes_on_until_it_is_answered() -> None:
    back = False

    def says(asked: Asked) -> Answer:
        return (200, {}) if back and asked.path != "/tasks" else (500, {})

    async with tasks_over(says) as (tasks, service, _):
        assert (await refused(tasks)).status == 503
        await until(lambda: len(failures(service)) > 6)
        back = True
    answered = len(failures(service))
    assert answered > 6
    assert {asked.body["user_id"] for asked in failures(service)} == {7}


async def test_what_certainly_was_not_done_needs_no_giving_up() -> None:
    async with tasks_over(lambda _: (503, {}, {"retry-after": "1"})) as (tasks, service, _):
        assert (await refused(tasks)).status == 503
    assert [asked.path for asked in service.asked] == ["/tasks"] * 3


async def test_a_create_that_is_cut_off_is_given_up() -> None:
    came, never = asyncio.Event(), asyncio.Event()

    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/tasks":
            came.set()
            await never.wait()
        await service(scope, receive, send)

    service = DataService(lambda _: (200, {}))
    async with (
        serving(hang, 0, host="127.0.0.1", grace=1) as port,
        http_client(f"http://127.0.0.1:{port}") as client,
        open_shared(NO_REDIS) as shared,
    ):
        giving_up = GivingUp(client)
        create = asyncio.create_task(Tasks(Peer("postgres-data", client), Cache(shared), giving_up).create(7, TASK))
        await came.wait()
        create.cancel()
        with pytest.raises(asyncio.CancelledError):
            await create
        await giving_up.close(5)
    assert [asked.body["user_id"] for asked in failures(service)] == [7]


async def test_a_user_who_is_gone_has_no_token_any_more() -> None:
    async with tasks_over(lambda _: (404, {})) as (tasks, _, _):
        assert (await refused(tasks)).status == 401


async def test_there_are_never_too_many_unknown_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 0.1)
    async with tasks_over(lambda asked: (500, {})) as (tasks, service, giving_up):
        for _ in range(4):
            await refused(tasks)
        creates = {asked.body["transaction_id"] for asked in service.asked if asked.path == "/tasks"}
        assert len(creates) == 2
        await giving_up.close(0)


async def test_a_reminder_names_its_task() -> None:
    stored = {
        "id": 3, "user_id": 7, "title": "Call Ann", "description": None, "priority": "low", "status": "active",
        "due_date": None, "completed_at": None, "transaction_id": "7b0b6ad4-6f0e-4f0a-9a3e-000000000001",
        "version": 1, "created_at": "2026-11-23T09:30:00Z", "updated_at": "2026-11-23T09:30:00Z",
    }  # fmt: skip

    def says(asked: Asked) -> Answer:
        if asked.method == "GET":
            return 200, stored
        kept = {"id": 1, "kind": "custom", "state": "scheduled", "repeat_seconds": None, "sent_at": None}
        return 201, {**asked.body, **kept, "created_at": "2026-11-23T09:30:00Z"}

    async with tasks_over(says) as (tasks, service, _):
        answer = await tasks.remind(7, 3, datetime(2999, 1, 1, tzinfo=UTC))
    assert answer.reminder.message == "Reminder: Call Ann"
    assert (service.asked[0].path, service.asked[0].query) == ("/tasks/3", "user_id=7")
    assert service.asked[1].body["user_id"] == 7
