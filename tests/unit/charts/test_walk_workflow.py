"""`helm test` of the stack succeeds only if each worker has done its part: an API that does less is found out."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from unit.charts.rendered import CHART

SCRIPT = CHART / "files" / "hooks" / "walk_workflow.py"
TASK = "/api/v1/tasks/7"
COUNTED: dict[str, Any] = {"analytics": {"created": 1, "completed": 1, "user_id": 4711}}
STATS = {"total_tasks": 1, "completed_tasks": 1}
# What a stack that works answers, by method and path.
ANSWERS: dict[tuple[str, str], tuple[int, Any]] = {
    ("POST", "/api/v1/auth/register"): (201, {"access_token": "t"}),
    ("POST", "/api/v1/tasks"): (201, {"id": 7}),
    ("GET", TASK): (200, {"status": "active"}),
    ("POST", f"{TASK}/reminders"): (200, {"reminder": {"state": "sent"}}),
    ("PATCH", TASK): (200, {"status": "completed"}),
    ("GET", "/api/v1/tasks"): (200, COUNTED),
    ("GET", "/api/v1/tasks/stats"): (200, STATS),
}


@contextmanager
def api(answers: dict[tuple[str, str], tuple[int, Any]]) -> Iterator[str]:
    """A server that says *answers*; its address."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = answers[self.command, self.path.partition("?")[0]]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - as the library calls them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


Walk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def walk() -> Walk:
    def walk(**changed: Any) -> subprocess.CompletedProcess[str]:
        answers = {(method, path): changed.get(f"{method} {path}", said) for (method, path), said in ANSWERS.items()}
        with api(answers) as url:
            env = {**os.environ, "API_URL": url, "TRIES": "1", "no_proxy": "*"}
            return subprocess.run([sys.executable, str(SCRIPT)], env=env, capture_output=True, text=True, check=False)

    return walk


def test_a_stack_that_works_passes(walk: Walk) -> None:
    done = walk()
    assert done.returncode == 0, done.stderr
    assert "the reminder worker has sent the reminder\n" in done.stdout
    assert "the analytics worker has counted it\n" in done.stdout


@pytest.mark.parametrize(
    ("asked", "answer", "said"),
    [
        (f"POST {TASK}/reminders", (200, {"reminder": {"state": "scheduled"}}), "the reminder worker has sent"),
        (f"POST {TASK}/reminders", (503, {"title": "away"}), "reminders"),
        ("GET /api/v1/tasks", (200, {"analytics": None}), "the analytics worker has counted it"),
        ("GET /api/v1/tasks", (200, {"analytics": {**COUNTED["analytics"], "completed": 0}}), "has counted it"),
        ("GET /api/v1/tasks/stats", (200, {**STATS, "completed_tasks": 0}), "the statistics say"),
    ],
    ids=["unsent", "no reminders", "no analytics", "miscounted", "wrong statistics"],
)
def test_a_stack_that_does_less_does_not(walk: Walk, asked: str, answer: tuple[int, Any], said: str) -> None:
    done = walk(**{asked: answer})
    assert done.returncode == 1
    assert said in done.stderr
