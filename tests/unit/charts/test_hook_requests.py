"""A hook's requests: what passes is waited for, what stays is said."""

import importlib.util
import io
import ssl
import urllib.error
import urllib.request
from types import ModuleType
from typing import Any

import pytest

from usecases import ROOT

HOOK = ROOT / "charts" / "task-management" / "files" / "hooks" / "api_server.py"


class Server:
    """Gives *answers* in turn: data, or what is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, request: urllib.request.Request, **_: Any) -> Any:
        self.asked.append(request.full_url)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)


def status(code: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("https://x", code, "said", {}, io.BytesIO(b"why"))  # type: ignore[arg-type]


@pytest.fixture
def hook(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_server", HOOK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "token").write_text("t")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr(module, "ACCOUNT", tmp_path)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(module.ssl, "create_default_context", lambda **_: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return module


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> Server:
    server = Server(*answers)
    monkeypatch.setattr(urllib.request, "urlopen", server)
    return server


@pytest.mark.parametrize("passing", [urllib.error.URLError("refused"), TimeoutError(), status(429), status(503)])
def test_what_passes_is_waited_for(hook: ModuleType, monkeypatch: pytest.MonkeyPatch, passing: Exception) -> None:
    server = answering(monkeypatch, passing, passing, b'{"kind": "UseCase"}')
    assert hook.request("/apis", "DELETE") == {"kind": "UseCase"}
    assert server.asked == ["https://[fd00::1]:443/apis"] * 3


def test_what_is_not_there_is_an_answer(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, status(404))
    assert hook.request("/apis") is None


def test_a_refusal_is_said_at_once(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, status(403))
    with pytest.raises(SystemExit, match="GET /apis: 403 why"):
        hook.request("/apis")


def test_who_never_answers_is_given_up(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "PATIENCE_SECONDS", -1)
    answering(monkeypatch, TimeoutError("late"))
    with pytest.raises(SystemExit, match="no answer within"):
        hook.request("/apis")
