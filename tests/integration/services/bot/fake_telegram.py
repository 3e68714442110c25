"""The fake Bot API server as a process, and people who chat through it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from cluster.polling import eventually
from integration.services.process import free_port

PACKAGE = Path(__file__).parents[3] / "cluster/images/bot-api"
TOKEN = "123456:fake_token"


class FakeTelegram:
    """Its control API; `url` is what a bot gets as `BOT_API_SERVER`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10)

    def control(self, verb: str, path: str, /, **body: Any) -> Any:
        answer = self.http.request(verb, f"/control/{path}", json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(self, method: str, /, *, token: str = TOKEN, **parameters: Any) -> httpx.Response:
        """As a bot calls it."""
        return self.http.post(f"/bot{token}/{method}", json=parameters)

    def calls(self, method: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/control/calls", params={"method": method}).json()
        return found

    def messages(self, chat: int, by: str = "bot") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"/control/chats/{chat}/messages", params={"by": by}).json()
        return found

    def answering(self) -> bool:
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def fake_telegram(**variables: str) -> Iterator[FakeTelegram]:
    """A server of the test's own."""
    port = free_port()
    env = {"PYTHONPATH": str(PACKAGE), "PORT": str(port), **variables}
    with subprocess.Popen([sys.executable, "-m", "bot_api"], env=env) as running:
        telegram = FakeTelegram(f"http://127.0.0.1:{port}")
        try:
            eventually(telegram.answering, 20, "the fake Bot API server", every=0.05)
            yield telegram
        finally:
            telegram.http.close()
            running.kill()
