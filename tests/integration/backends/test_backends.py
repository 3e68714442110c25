"""The development backends themselves: what they acknowledged is there after a crash, at the same address."""

import os
import subprocess
import uuid
from collections.abc import Callable

import aio_pika
import asyncpg
import httpx
import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from cluster import backends
from cluster.backends import RABBITMQ_ACCOUNT, Running
from cluster.errors import ClusterError
from cluster.polling import eventually


async def test_rabbitmq_keeps_confirmed_messages_over_a_crash(rabbitmq: Running) -> None:
    queue_name = f"crash-{uuid.uuid4().hex}"
    async with await aio_pika.connect(rabbitmq.uri) as connection:
        channel = await connection.channel()
        await channel.declare_queue(queue_name, durable=True, arguments={"x-queue-type": "quorum"})
        for number in range(20):
            message = aio_pika.Message(str(number).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await channel.default_exchange.publish(message, routing_key=queue_name)
    eventually(lambda: _knows_on_disk(rabbitmq, queue_name), timeout=15, what="the queue's name on the broker's disk")
    rabbitmq.kill()
    rabbitmq.resume()
    async with await aio_pika.connect(rabbitmq.uri) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(queue_name)
        received = []
        for _ in range(20):
            delivered = await queue.get(timeout=10)
            received.append(delivered.body)
            await delivered.ack()
        await queue.delete(if_unused=False, if_empty=False)
    assert received == [str(number).encode() for number in range(20)]


def _knows_on_disk(rabbitmq: Running, queue: str) -> bool:
    """RabbitMQ 4.0 writes the directory of its quorum queues a second or so after a declaration.

    A crash before that orphans the queue, confirmed messages too: an empty, leaderless one takes its place.
    """
    directory = "/var/lib/rabbitmq/mnesia/rabbit@localhost/quorum/rabbit@localhost/names.dets"
    command = ["docker", "exec", rabbitmq.container, "grep", "--quiet", "--text", queue, directory]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_rabbitmq_answers_on_its_management_api(rabbitmq: Running) -> None:
    async with httpx.AsyncClient(auth=(RABBITMQ_ACCOUNT, RABBITMQ_ACCOUNT)) as client:
        answer = await client.get(f"{rabbitmq.management}/api/whoami")
    assert answer.status_code == 200
    assert answer.json()["tags"] == ["administrator"]


async def test_postgres_keeps_commits_over_a_crash(postgres: Running) -> None:
    table = f"crash_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(postgres.uri)
    await connection.execute(f"CREATE TABLE {table} AS SELECT generate_series(1, 100) AS number")
    await connection.close()
    postgres.kill()
    postgres.resume()
    connection = await asyncpg.connect(postgres.uri)
    total = await connection.fetchval(f"SELECT sum(number) FROM {table}")
    await connection.execute(f"DROP TABLE {table}")
    await connection.close()
    assert total == 5050


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"])
async def test_postgres_acknowledges_what_is_on_disk(postgres_dsn: str, setting: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    value = await connection.fetchval(f"SHOW {setting}")
    await connection.close()
    assert value == "on"


async def test_the_application_owns_its_database_and_is_no_superuser(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    row = await connection.fetchrow(
        "SELECT rolsuper, pg_get_userbyid(datdba) = current_user AS owner, "
        "current_setting('password_encryption') AS hashing "
        "FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
    )
    await connection.close()
    assert row is not None
    assert (row["rolsuper"], row["owner"], row["hashing"]) == (False, True, "scram-sha-256")


async def test_postgres_refuses_a_wrong_password_and_its_administrator_from_outside(
    postgres_dsn: str,
) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_dsn, password="wrong")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="pg_hba"):
        await asyncpg.connect(postgres_dsn, user="postgres")


async def test_redis_keeps_its_keys_over_a_crash(redis: Running) -> None:
    key = f"crash:{uuid.uuid4().hex}"
    async with Redis.from_url(redis.uri) as client:
        await client.set(key, "kept")
    redis.kill()
    redis.resume()
    async with Redis.from_url(redis.uri) as client:
        assert await client.getdel(key) == b"kept"


async def test_redis_asks_for_its_password(redis: Running) -> None:
    async with Redis.from_url(redis.uri.replace(backends.PASSWORD, "wrong")) as client:
        with pytest.raises(AuthenticationError):
            await client.ping()


async def test_mongodb_keeps_documents_over_a_crash(mongodb: Running) -> None:
    name = f"crash_{uuid.uuid4().hex}"
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb.uri)
    await client.get_default_database()[name].insert_many([{"_id": number} for number in range(100)])
    client.close()
    mongodb.kill()
    mongodb.resume()
    client = AsyncIOMotorClient(mongodb.uri)
    collection = client.get_default_database()[name]
    count = await collection.count_documents({})
    await collection.drop()
    client.close()
    assert count == 100


def test_what_a_dead_run_left_behind_is_removed_and_what_lives_is_not(mongodb: Running) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    names = {"dead": f"usecase-leftover-x-{ended.pid}", "alive": f"usecase-leftover-x-{os.getpid()}"}
    try:
        for name in names.values():
            subprocess.run(
                ["docker", "create", "--name", name, backends.project_image("mongodb")],
                check=True,
                capture_output=True,
            )
        backends.remove_leftovers("usecase-leftover-")
        listed = subprocess.run(
            ["docker", "ps", "--all", "--filter", "name=usecase-leftover-", "--format", "{{.Names}}"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
    finally:
        for name in names.values():
            backends.remove(name)
    assert listed == [names["alive"]]


def test_a_backend_that_cannot_start_says_why_and_leaves_no_container(
    start_backend: Callable[[str], Running],
) -> None:
    name = f"usecase-test-broken-{os.getpid()}"
    with pytest.raises(ClusterError, match="no-such-image"):
        backends.start("redis", "usecase.local/no-such-image:dev", name)
    listed = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"name={name}"], check=True, capture_output=True, text=True
    )
    assert listed.stdout == ""
