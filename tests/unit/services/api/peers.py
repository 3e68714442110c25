"""A data service that says what a test wants, behind a real socket; and Redis where nobody listens."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from usecase_http.client import Client, http_client
from usecase_runtime.server import Receive, Scope, Send, serving

NO_REDIS = "redis://127.0.0.1:1/0"
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]
"""Status, JSON body, headers."""


@dataclass
class Asked:
    method: str
    path: str
    query: str
    body: Any


class DataService:
    """Answers by `says`; remembers what was asked."""

    def __init__(self, says: Callable[[Asked], Answer]) -> None:
        self.says, self.asked = says, list[Asked]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")
        asked = Asked(scope["method"], scope["path"], scope["query_string"].decode(), json.loads(body or b"null"))
        self.asked.append(asked)
        answer = self.says(asked)
        headers = [(name.encode(), value.encode()) for name, value in (answer[2] if len(answer) == 3 else {}).items()]
        await send({"type": "http.response.start", "status": answer[0], "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer[1]).encode()})


@asynccontextmanager
async def client_of(service: DataService) -> AsyncIterator[Client]:
    async with (
        serving(service, 0, host="127.0.0.1", grace=1) as port,
        http_client(f"http://127.0.0.1:{port}", SecretStr("internal")) as client,
    ):
        yield client
