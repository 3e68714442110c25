"""What the process hands to its parts, and what it says while it waits."""

import logging
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from usecase_operator import logs, main, settings
from usecase_operator.cluster.access import SERVICE_ACCOUNT
from usecase_operator.cluster.client import ApiError, Client
from usecase_operator.cluster.lease import Lease
from usecase_operator.settings import Settings


class Answers:
    """An API server that answers with these, one after the other."""

    def __init__(self, *answers: ApiError | dict[str, Any]) -> None:
        self.answers = list(answers)

    async def request(self, method: str, url: str, body: Any = None) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(main, "REGISTRY", CollectorRegistry())
    monkeypatch.setattr(main, "CRD_SECONDS", 0.0)

    def operator(server: Any, **chosen: Any) -> main.Operator:
        nobody: Any = None
        return main.Operator(Settings(**chosen), server, Lease(server, "ns", "lease", "me"), nobody)

    return operator


def test_a_pod_takes_the_nameservers_that_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Settings] = []

    async def run(chosen: Settings, access: Any) -> int:
        ran.append(chosen)
        return 0

    def given(account: Path) -> str:
        return "nameserver 10.96.0.10" if account == SERVICE_ACCOUNT else ""

    monkeypatch.setattr(main, "run", run)
    monkeypatch.setattr(main, "reach", lambda _: None)
    monkeypatch.setattr(logs, "configure", lambda _: None)
    monkeypatch.setattr(settings, "resolv_conf_of_the_pod", given)
    for each in ("KUBECONTEXT", "DNS_SERVERS"):
        monkeypatch.delenv(each, raising=False)

    assert main.main() == 0
    assert [each.dns for each in ran] == [("10.96.0.10",)]


def test_the_nameservers_of_pods_reach_the_passes(made: Any) -> None:
    operator = made(Client(None, lambda: None), dns=("10.96.0.10",))  # type: ignore[arg-type]

    assert operator._settler.cluster.dns == ("10.96.0.10",)


async def test_it_says_what_keeps_it_waiting_and_says_it_once(made: Any, caplog: pytest.LogCaptureFixture) -> None:
    missing = ApiError(404, "Not Found", "404 page not found")
    untrusted = ApiError(0, "Unavailable", "certificate verify failed: Missing Authority Key Identifier")
    with caplog.at_level(logging.WARNING):
        await made(Answers(untrusted, untrusted, missing, missing, {}))._crd_is_there()

    said = [each.getMessage() for each in caplog.records]
    assert len(said) == 2
    assert "Missing Authority Key Identifier" in said[0]
    assert "CRD" not in said[0]
    assert said[1] == "waiting for the UseCase CRD; apply crds/usecase.yaml"
