"""What is tried again, what is not, and how the outcome is called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from unit.services.runtime.asgi import answering
from usecase_http import client as module
from usecase_http.client import Client, http_client
from usecase_runtime import context
from usecase_runtime.errors import NotDone, NotFound, NotSent, Refused, ServerError, Unavailable
from usecase_runtime.server import App, Receive, Scope, Send, serving


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_SECONDS", 0)


class Script:
    """Answers one app after the other, the last one for ever; remembers what was asked."""

    def __init__(self, *apps: App) -> None:
        self.apps, self.requests = list(apps), list[Scope]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(scope)
        await self.apps[min(len(self.requests), len(self.apps)) - 1](scope, receive, send)


@asynccontextmanager
async def client_of(app: App, seconds: float = 30) -> AsyncIterator[Client]:
    async with (
        serving(app, 0, host="127.0.0.1", grace=1) as port,
        http_client(f"http://127.0.0.1:{port}/", SecretStr("secret"), seconds=seconds) as client,
    ):
        yield client


BUSY = answering(503, b"{}", (b"retry-after", b"1"))
SLOW = answering(408, b"{}", (b"retry-after", b"1"), (b"connection", b"close"))
BROKEN = answering(500)
GONE = answering(503)


@pytest.mark.parametrize(
    ("apps", "repeatable", "requests"),
    [
        pytest.param([answering(200, b"yes")], True, 1, id="at once"),
        pytest.param([BROKEN, GONE, answering(200, b"yes")], True, 3, id="third time"),
        pytest.param([BUSY, BUSY, answering(201, b"yes")], False, 3, id="turned away at the door"),
        pytest.param([SLOW, answering(201, b"yes")], False, 2, id="too slow at the door"),
    ],
)
async def test_an_answer_comes_back(apps: list[App], repeatable: bool, requests: int) -> None:
    script = Script(*apps)
    async with client_of(script) as client:
        assert await client.call("POST", "/tasks", b"{}", repeatable=repeatable) == b"yes"
    assert len(script.requests) == requests


@pytest.mark.parametrize(
    ("app", "repeatable", "error", "requests"),
    [
        pytest.param(answering(404), True, NotFound, 1, id="not found is final"),
        pytest.param(answering(409, b'{"type": "urn:x"}'), True, Refused, 1, id="so is every other 4xx"),
        pytest.param(BROKEN, True, ServerError, 3, id="three tries"),
        pytest.param(BROKEN, False, ServerError, 1, id="one, if it may have been worked on"),
        pytest.param(answering(401), False, Unavailable, 1, id="a credential that the other side does not know"),
        pytest.param(GONE, False, Unavailable, 1, id="503 of unknown outcome"),
        pytest.param(BUSY, False, Unavailable, 3, id="turned away three times"),
        pytest.param(answering(429), True, Unavailable, 3, id="too many requests"),
    ],
)
async def test_a_failure_says_what_kind_it_is(
    app: App, repeatable: bool, error: type[Exception], requests: int
) -> None:
    script = Script(app)
    async with client_of(script) as client:
        with pytest.raises(error):
            await client.call("POST", "/tasks", b"{}", repeatable=repeatable)
    assert len(script.requests) == requests


async def test_a_refusal_carries_status_and_problem() -> None:
    async with client_of(answering(409, b'{"type": "urn:x"}')) as client:
        with pytest.raises(Refused) as refused:
            await client.call("GET", "/")
    assert (refused.value.status, refused.value.body) == (409, b'{"type": "urn:x"}')


async def test_nobody_listening_is_tried_again_even_if_not_repeatable() -> None:
    async with serving(answering(), 0, host="127.0.0.1", grace=1) as port:
        pass
    async with http_client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
            await client.call("POST", "/", b"{}", repeatable=False)


async def test_a_call_has_an_end() -> None:
    async def silent(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with client_of(silent, seconds=0.05) as client:
        with pytest.raises(Unavailable, match="TimeoutError"):
            await client.call("GET", "/")


async def test_a_call_carries_credential_ids_and_query() -> None:
    script = Script(answering(200))
    request = context.request_id.set("r-1")
    trace = context.traceparent.set(f"00-{'a' * 32}-{'b' * 16}-00")
    async with client_of(script) as client:
        await client.call("GET", "/tasks", query={"user_id": 5})
    context.request_id.reset(request)
    context.traceparent.reset(trace)
    headers = dict(script.requests[0]["headers"])
    assert headers[b"authorization"] == b"Bearer secret"
    assert headers[b"x-request-id"] == b"r-1"
    assert headers[b"traceparent"] == f"00-{'a' * 32}-{'b' * 16}-00".encode()
    assert script.requests[0]["query_string"] == b"user_id=5"


async def test_a_call_may_speak_for_somebody_else() -> None:
    """The bot calls the api for many users through one pool."""
    script = Script(answering(200))
    async with client_of(script) as client:
        await client.call("GET", "/tasks", headers={"authorization": "Bearer of-a-user"})
        await client.call("GET", "/tasks")
    sent = [value for request in script.requests for name, value in request["headers"] if name == b"authorization"]
    assert sent == [b"Bearer of-a-user", b"Bearer secret"]


@pytest.mark.parametrize(
    ("apps", "sure"),
    [
        pytest.param([BUSY], True, id="turned away each time"),
        pytest.param([BUSY, BROKEN, BUSY], False, id="once it broke inside"),
        pytest.param([GONE], False, id="503 that promises nothing"),
    ],
)
async def test_it_is_said_when_nothing_was_done(apps: list[App], sure: bool) -> None:
    async with client_of(Script(*apps)) as client:
        with pytest.raises(Unavailable) as failed:
            await client.call("POST", "/tasks", b"{}")
    assert isinstance(failed.value, NotDone) == sure
    assert not isinstance(failed.value, NotSent)


async def test_nobody_listening_means_that_nothing_was_sent() -> None:
    async with serving(answering(), 0, host="127.0.0.1", grace=1) as port:
        pass
    async with http_client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(NotSent):
            await client.call("POST", "/", b"{}", repeatable=False)
