"""The api with both data services behind it: processes of their own, on a schema, a vhost and databases of their own.

The data services keep their ports, so that a test may kill one and start it again.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
from redis import Redis

from cluster.backends import Running
from integration.services.broker import Vhost
from integration.services.process import Process, free_port, service
from usecase_contracts.topology import BOT_NOTIFICATIONS_QUEUE, TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE

SECRET_KEY = "the key that signs all access tokens of a test"
BOT_CREDENTIAL = "of-the-bot"
PASSWORD = "testpass123"
BOT = {"authorization": f"Bearer {BOT_CREDENTIAL}"}
_redis_databases = count(1)


@dataclass
class User:
    """A registered user; `http` speaks for them."""

    name: str
    session: Mapping[str, str]
    http: httpx.Client

    def task(self, **values: object) -> int:
        """The id of a new task."""
        answer = self.http.post("/api/v1/tasks", json={"title": "t", **values})
        assert answer.status_code == 201, answer.text
        task_id: int = answer.json()["id"]
        return task_id


class Api:
    """What runs, and how to start more. Made by `running_api`; all that is started here ends with it."""

    def __init__(self, dsn: str, mongodb_url: str, redis_url: str, vhost: Vhost, cleanup: ExitStack) -> None:
        self.vhost, self.redis_url, self._cleanup = vhost, redis_url, cleanup
        self._dsn, self._mongodb_url = dsn, mongodb_url
        self._ports = {"postgres-data": str(free_port()), "mongo-data": str(free_port())}
        self.postgres_data, self.mongo_data = self.start_postgres_data(), self.start_mongo_data()
        self.process = self.start()
        self.http = self.process.http

    def start_postgres_data(self) -> Process:
        self.postgres_data = self._start(
            "usecase_postgres_data",
            DATABASE_URL=self._dsn,
            RABBITMQ_URL=self.vhost.url,
            CONNECTION_POOL_SIZE="5",
            PORT=self._ports["postgres-data"],
        )
        return self.postgres_data

    def start_mongo_data(self) -> Process:
        self.mongo_data = self._start(
            "usecase_mongo_data", MONGODB_URL=self._mongodb_url, PORT=self._ports["mongo-data"]
        )
        return self.mongo_data

    def start(self, **changed: str) -> Process:
        """A replica of the api, with these variables changed."""
        process = self._start("usecase_api", **self.variables(**changed))
        del process.http.headers["authorization"]
        process.http.timeout = httpx.Timeout(40)
        return process

    def variables(self, **changed: str) -> dict[str, str]:
        return {
            "DATABASE_SERVICE_URL": self.address_of("postgres-data"),
            "ANALYTICS_SERVICE_URL": self.address_of("mongo-data"),
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": SECRET_KEY,
            "BOT_CREDENTIAL": BOT_CREDENTIAL,
        } | changed

    def address_of(self, data_service: str) -> str:
        return f"http://127.0.0.1:{self._ports[data_service]}"

    @property
    def redis(self) -> Redis:
        """A client of the api's database in Redis, for looking."""
        return Redis.from_url(self.redis_url)

    def user(self, process: Process | None = None) -> User:
        """Somebody new, at this replica."""
        http = (process or self.process).http
        name = f"user-{uuid4().hex[:10]}"
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        answer = http.post("/api/v1/auth/register", json=body)
        assert answer.status_code == 201, answer.text
        session = answer.json()
        headers = {"authorization": f"Bearer {session['access_token']}"}
        own = httpx.Client(base_url=http.base_url, headers=headers, timeout=40)
        return User(name, session, self._cleanup.enter_context(own))

    def _start(self, module: str, **variables: str) -> Process:
        return self._cleanup.enter_context(service(module, variables))


@contextmanager
def running_api(rabbitmq: Running, postgres: Running, redis: Running, mongodb: Running) -> Iterator[Api]:
    """All of it, ready, on these backends."""
    name = f"test_{uuid4().hex[:12]}"
    vhost = Vhost(rabbitmq, name)
    vhost.make((TASK_ANALYTICS_QUEUE, TASK_REMINDERS_QUEUE, BOT_NOTIFICATIONS_QUEUE))
    asyncio.run(_run(postgres.uri, f"create schema {name}"))
    with ExitStack() as cleanup:
        api = Api(
            dsn=urlsplit(postgres.uri)._replace(query=f"search_path={name}").geturl(),
            mongodb_url=urlsplit(mongodb.uri)._replace(path=f"/{name}").geturl(),
            redis_url=urlsplit(redis.uri)._replace(path=f"/{next(_redis_databases)}").geturl(),
            vhost=vhost,
            cleanup=cleanup,
        )
        yield api
    asyncio.run(_run(postgres.uri, f"drop schema {name} cascade"))
    vhost.remove()


async def _run(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
