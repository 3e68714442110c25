"""The backends as pods: what they acknowledged outlives pod and release, and only their users reach them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cluster import stack
from cluster.fixtures import Cluster
from cluster.polling import eventually

RELEASE = "demo"
QUEUE = "kept"

# What the client pod runs: argv[1] is the connection string. Writing twice is as writing once, so that it may be tried
# again while the cluster's routes still settle.
CONNECT = {
    "rabbitmq": f"""
import asyncio, sys, aio_pika
async def main():
    async with await aio_pika.connect(sys.argv[1], timeout=5) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("{QUEUE}", durable=True, arguments={{"x-queue-type": "quorum"}})
        await work(channel, queue)
""",
    "postgres": """
import asyncio, sys, asyncpg
async def main():
    connection = await asyncpg.connect(sys.argv[1], timeout=5)
    await work(connection)
    await connection.close()
""",
    "mongodb": """
import asyncio, sys
from motor.motor_asyncio import AsyncIOMotorClient
async def main():
    client = AsyncIOMotorClient(sys.argv[1], serverSelectionTimeoutMS=5000)
    await work(client.get_default_database()["kept"])
""",
    "redis": """
import asyncio, sys
from redis.asyncio import Redis
async def main():
    async with Redis.from_url(sys.argv[1], socket_connect_timeout=5) as client:
        await work(client)
""",
}
WRITE = {
    "rabbitmq": """
async def work(channel, queue):
    await queue.purge()
    for number in range(100):
        message = aio_pika.Message(str(number).encode(), delivery_mode=2)
        await channel.default_exchange.publish(message, routing_key=queue.name)
""",
    "postgres": """
async def work(connection):
    await connection.execute("DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT generate_series(0, 99) AS number")
""",
    "mongodb": """
async def work(collection):
    await collection.delete_many({})
    await collection.insert_many([{"_id": number} for number in range(100)])
""",
    "redis": """
async def work(client):
    await client.mset({f"kept:{number}": number for number in range(100)})
""",
}
READ = {
    "rabbitmq": """
async def work(channel, queue):
    total = 0
    for _ in range(100):
        message = await queue.get(timeout=5)
        total += int(message.body)
        await message.ack()
    print(total)
""",
    "postgres": """
async def work(connection):
    print(await connection.fetchval("SELECT sum(number) FROM kept"))
""",
    "mongodb": """
async def work(collection):
    print(sum([document["_id"] async for document in collection.find()]))
""",
    "redis": """
async def work(client):
    print(sum(map(int, await client.mget([f"kept:{number}" for number in range(100)]))))
""",
}
SUM = str(sum(range(100)))


@pytest.fixture
def visitors(cluster: Cluster, namespace: str, probe_image: str) -> Iterator[str]:
    """Another namespace, with a client pod `client` that waits for commands."""
    name = f"{namespace}-visitors"
    cluster.kubectl("create", "namespace", name)
    cluster.apply(pod("client", probe_image), namespace=name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


def pod(name: str, image: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": image}], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}}, "spec": spec}


def install(cluster: Cluster, namespace: str, backends: tuple[str, ...], policy: dict[str, Any]) -> None:
    """The chart with *backends* only, in a namespace that enforces the restricted Pod Security Standard."""
    cluster.kubectl("label", "namespace", namespace, "--overwrite", "pod-security.kubernetes.io/enforce=restricted")
    values: dict[str, Any] = {name: {"enabled": name in backends} for name in stack.BACKENDS}
    for name in stack.BACKENDS:
        repository, _, tag = cluster.references[name].rpartition(":")
        values[name]["image"] = {"repository": repository, "tag": tag}
    values["mongodb"]["auth"] = {"enabled": cluster.references["mongodb"].startswith("mongo:")}
    values["networkPolicy"] = policy
    values["useCase"] = {"enabled": False}
    flags = ("--namespace", namespace, "--wait", "--timeout", "3m", "--set-json", json.dumps(values))
    cluster.helm("upgrade", "--install", RELEASE, str(stack.CHART), *flags)


def admit(namespace: str) -> dict[str, Any]:
    return {"extraFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}]}


def secret(cluster: Cluster, namespace: str, backend: str) -> dict[str, str]:
    data = cluster.get("secret", f"{RELEASE}-{backend}", "--namespace", namespace)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def uri(cluster: Cluster, namespace: str, backend: str) -> str:
    found = secret(cluster, namespace, backend)
    if backend == "rabbitmq":
        return f"amqp://{found['username']}:{found['password']}@{found['amqpHost']}:5672/"
    return found["uri"]


def from_client(cluster: Cluster, namespace: str, visitors: str, backend: str, work: str) -> str:
    """What the client prints; tried again until it gets through."""
    script = f"{CONNECT[backend]}\n{work}\nasyncio.run(main())"
    command = [
        "--namespace",
        visitors,
        "exec",
        "client",
        "--",
        "python",
        "-c",
        script,
        uri(cluster, namespace, backend),
    ]
    return eventually(lambda: cluster.kubectl(*command) or "done", timeout=60, what=f"{backend} to answer").strip()


def kill(cluster: Cluster, namespace: str, backend: str) -> None:
    """Without grace, as a crash; returns when another pod of that name is ready."""
    name = f"{RELEASE}-{backend}-0"
    before = cluster.get("pod", name, "--namespace", namespace)["metadata"]["uid"]
    cluster.kubectl("--namespace", namespace, "delete", "pod", name, "--grace-period=0", "--force", "--wait=false")

    def replaced() -> bool:
        found = cluster.get("pod", name, "--namespace", namespace)
        conditions = {c["type"]: c["status"] for c in found["status"].get("conditions", [])}
        return found["metadata"]["uid"] != before and conditions.get("Ready") == "True"

    eventually(replaced, timeout=120, what=f"another {name} to be ready")


def settled_on_disk(cluster: Cluster, namespace: str) -> str:
    """RabbitMQ 4.0 writes the directory of its quorum queues a second or so after a declaration; a crash before that
    orphans the new queue (tests/integration/backends/test_backends.py)."""
    directory = "/var/lib/rabbitmq/mnesia/rabbit@localhost/quorum/rabbit@localhost/names.dets"
    command = ["exec", f"{RELEASE}-rabbitmq-0", "--", "grep", "--count", "--text", QUEUE, directory]
    return cluster.kubectl("--namespace", namespace, *command)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("backend", stack.BACKENDS)
def test_a_killed_backend_comes_back_with_its_data(
    cluster: Cluster, namespace: str, visitors: str, backend: str
) -> None:
    install(cluster, namespace, (backend,), admit(visitors))
    from_client(cluster, namespace, visitors, backend, WRITE[backend])
    if backend == "rabbitmq":
        eventually(
            lambda: settled_on_disk(cluster, namespace), timeout=15, what="the queue's name on the broker's disk"
        )
    kill(cluster, namespace, backend)
    assert from_client(cluster, namespace, visitors, backend, READ[backend]) == SUM


@pytest.mark.timeout(300)
def test_a_release_installed_again_opens_the_data_of_the_last_one(
    cluster: Cluster, namespace: str, visitors: str
) -> None:
    install(cluster, namespace, ("postgres",), admit(visitors))
    from_client(cluster, namespace, visitors, "postgres", WRITE["postgres"])
    password = secret(cluster, namespace, "postgres")["password"]
    cluster.helm("uninstall", RELEASE, "--namespace", namespace, "--wait")
    install(cluster, namespace, ("postgres",), admit(visitors))
    assert secret(cluster, namespace, "postgres")["password"] == password
    assert from_client(cluster, namespace, visitors, "postgres", READ["postgres"]) == SUM


SERVERS = {"rabbitmq": 5672, "management": 15672, "postgres": 5432, "mongodb": 27017, "redis": 6379}
REACHES = {
    "api": {"redis"},
    "postgres-data": {"postgres", "rabbitmq"},
    "mongo-data": {"mongodb"},
    "bot": {"rabbitmq"},
    "reminder-worker": {"rabbitmq"},
    "analytics-worker": {"rabbitmq"},
    "operator": {"management"},
    "stranger": set[str](),
}
TRY_ALL = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(target):
    name, host, port = target
    try:
        socket.create_connection((host, port), timeout=2).close()
        return [name]
    except OSError:
        return []
print(json.dumps(sum(ThreadPoolExecutor().map(reached, json.loads(sys.argv[1])), [])))
"""


@pytest.mark.timeout(300)
def test_only_its_users_reach_a_backend(cluster: Cluster, namespace: str, probe_image: str) -> None:
    """One pod for each component of the use case, labelled as the operator labels them, tries every port there is."""
    operator = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "operator"}}}
    install(cluster, namespace, stack.BACKENDS, {"managementFrom": [operator]})
    cluster.kubectl("label", "namespace", namespace, "--overwrite", "pod-security.kubernetes.io/enforce=baseline")
    labels = {"app.kubernetes.io/instance": RELEASE}
    pods = [pod(name, probe_image, {**labels, "app.kubernetes.io/component": name}) for name in REACHES]
    foreign = pod("foreign", probe_image, {"app.kubernetes.io/instance": "other", "app.kubernetes.io/component": "api"})
    cluster.apply(*pods, foreign, namespace=namespace)
    cluster.kubectl(
        "--namespace", namespace, "wait", "pod", *REACHES, "foreign", "--for=condition=Ready", "--timeout=90s"
    )
    hosts = {name: f"{RELEASE}-{'rabbitmq' if name == 'management' else name}" for name in SERVERS}
    targets = json.dumps([(name, hosts[name], port) for name, port in SERVERS.items()])

    def reached(name: str) -> set[str]:
        tried = cluster.kubectl("--namespace", namespace, "exec", name, "--", "python", "-c", TRY_ALL, targets)
        return set(json.loads(tried))

    for name, expected in {**REACHES, "foreign": set[str]()}.items():

        def as_declared(name: str = name, expected: set[str] = expected) -> bool:
            assert reached(name) == expected, f"{name} reaches {sorted(reached(name))} and should {sorted(expected)}"
            return True

        eventually(as_declared, timeout=30, what=f"the policies to let {name} reach {sorted(expected) or 'nothing'}")
