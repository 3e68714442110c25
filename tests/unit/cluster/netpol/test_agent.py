"""The agent's process against a scripted API server, with an `nft` that writes down what it is given."""

import http.server
import json
import os
import queue
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cluster.polling import eventually

TESTS = Path(__file__).parents[3]
PODS, NAMESPACES, POLICIES = "/api/v1/pods", "/api/v1/namespaces", "/apis/networking.k8s.io/v1/networkpolicies"
# Plain HTTP in the place of TLS and the service account is all that differs from the real process.
AGENT = """
import http.client, pathlib, sys
from cluster.netpol import agent
agent.connect = lambda: (http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=35), {})
agent.READY = pathlib.Path(sys.argv[2])
agent.main()
"""
NFT = """#!/bin/sh
n=$(ls "$LOADS" | wc -l)
cat > "$LOADS/.part" && mv "$LOADS/.part" "$LOADS/$n"
test ! -e "$LOADS.broken" || { echo "no such thing" >&2; exit 1; }
"""
Event = dict[str, Any] | None  # None ends the watch


class ApiServer:
    """Serves watches: what `objects` has at their beginning, then what is put into their stream."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {PODS: [], NAMESPACES: [], POLICIES: []}
        self.streams: dict[str, queue.Queue[Event]] = {path: queue.Queue() for path in self.objects}
        self.asked: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                server.asked.append((url.path, query))
                self.send_response(200)
                self.end_headers()
                for event in server.events(url.path, query):
                    self.wfile.write(json.dumps(event).encode() + b"\n")

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def events(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        if query.get("sendInitialEvents"):
            yield from ({"type": "ADDED", "object": item} for item in list(self.objects[path]))
            end = {"resourceVersion": "10", "annotations": {"k8s.io/initial-events-end": "true"}}
            yield {"type": "BOOKMARK", "object": {"metadata": end}}
        while event := self.streams[path].get():
            yield event

    def tell(self, path: str, kind: str, item: dict[str, Any]) -> None:
        self.streams[path].put({"type": kind, "object": item})

    def end_watch(self, path: str) -> None:
        self.streams[path].put(None)

    def watches(self, path: str) -> list[dict[str, str]]:
        return [query for asked, query in list(self.asked) if asked == path]


class Agent:
    def __init__(self, api: ApiServer, folder: Path) -> None:
        self.ready, self.loads, self.results = folder / "ready", folder / "loads", folder / "results"
        self.loads.mkdir()
        self.results.mkdir()
        nft = folder / "nft"
        nft.write_text(NFT)
        nft.chmod(nft.stat().st_mode | stat.S_IXUSR)
        self.environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(TESTS),
            "LOADS": str(self.loads),
            "NODE_NAME": "one",
            "CNI_RESULTS": str(self.results),
        }
        command = [sys.executable, "-c", AGENT, str(api.http.server_address[1]), str(self.ready)]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)

    def loaded(self) -> list[str]:
        return [file.read_text() for file in sorted(self.loads.glob("[0-9]*"), key=lambda file: int(file.name))]

    def loads_text(self, text: str) -> str:
        """The last rules, once they contain *text*."""
        return eventually(
            lambda: next((rules for rules in self.loaded()[-1:] if text in rules), ""), 10, f"rules with {text!r}"
        )


@pytest.fixture
def api() -> Iterator[ApiServer]:
    server = ApiServer()
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def agent(api: ApiServer, tmp_path: Path) -> Iterator[Agent]:
    """Started on a node with one pod, under a policy that closes it."""
    api.objects[NAMESPACES].append(meta("shop"))
    api.objects[PODS].append(pod("web", "10.1.0.2"))
    api.objects[POLICIES].append(deny("deny"))
    started = Agent(api, tmp_path)
    try:
        started.loads_text("10.1.0.2 jump ingress-1")
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def meta(name: str, version: int = 1) -> dict[str, Any]:
    return {
        "metadata": {
            "uid": f"uid-{name}",
            "name": name,
            "namespace": "shop",
            "resourceVersion": str(version),
            "creationTimestamp": "2026-01-01T00:00:00Z",
        }
    }


def pod(name: str, ip: str, version: int = 1) -> dict[str, Any]:
    status = {"podIPs": [{"ip": ip}]} if ip else {}
    return meta(name, version) | {"spec": {"nodeName": "one", "containers": []}, "status": status}


def deny(name: str, version: int = 1) -> dict[str, Any]:
    return meta(name, version) | {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}


def test_the_first_rules_know_all_kinds_and_make_the_agent_ready(agent: Agent) -> None:
    eventually(agent.ready.exists, 10, "the agent to be ready")
    assert len(agent.loaded()) == 1


def test_a_new_pod_and_a_deleted_policy_are_taken_in(agent: Agent, api: ApiServer) -> None:
    api.tell(PODS, "ADDED", pod("api", "10.1.0.3", 11))
    agent.loads_text("10.1.0.3 jump ingress-1")
    api.tell(POLICIES, "DELETED", deny("deny", 12))
    assert "chain ingress" not in eventually(
        lambda: "jump ingress" not in agent.loaded()[-1] and agent.loaded()[-1], 10, "rules without the policy"
    )


def test_what_changes_no_rule_loads_nothing(agent: Agent, api: ApiServer) -> None:
    for number in range(2, 12):  # each label is seen before the next is told, so that they are not taken for one
        relabelled = meta("shop", 10 + number)
        relabelled["metadata"]["labels"] = {"number": str(number)}
        api.tell(NAMESPACES, "MODIFIED", relabelled)
        api.end_watch(NAMESPACES)
        eventually(lambda seen=number: len(api.watches(NAMESPACES)) == seen, 10, "the next watch", every=0.01)
    api.tell(PODS, "MODIFIED", pod("web", "10.1.0.2", 11) | {"irrelevant": True})
    api.tell(PODS, "ADDED", pod("api", "10.1.0.3", 13))
    agent.loads_text("10.1.0.3")
    assert len(agent.loaded()) == 2


def test_a_burst_of_changes_is_few_loads(agent: Agent, api: ApiServer) -> None:
    for number in range(3, 203):
        api.tell(PODS, "ADDED", pod(f"pod-{number}", f"10.1.0.{number}", number))
    agent.loads_text("10.1.0.202 jump ingress-1")
    assert len(agent.loaded()) < 50


def test_a_pod_whose_address_only_the_node_knows_is_closed_too(agent: Agent, api: ApiServer) -> None:
    api.tell(PODS, "ADDED", pod("api", "", 11))
    api.tell(PODS, "ADDED", pod("other", "10.1.0.3", 12))
    agent.loads_text("10.1.0.3")
    result = {"cniArgs": [["K8S_POD_UID", "uid-api"]], "result": {"ips": [{"address": "10.1.0.9/24"}]}}
    (agent.results / "pods-1-eth0").write_text(json.dumps(result))
    agent.loads_text("10.1.0.9 jump ingress-1")


def test_a_watch_that_ended_goes_on_where_it_was(agent: Agent, api: ApiServer) -> None:
    api.tell(PODS, "ADDED", pod("api", "10.1.0.3", 17))
    api.end_watch(PODS)
    eventually(lambda: len(api.watches(PODS)) == 2, 10, "the next watch")
    assert api.watches(PODS)[1]["resourceVersion"] == "17"
    assert "sendInitialEvents" not in api.watches(PODS)[1]


def test_a_version_too_old_starts_over_and_what_vanished_meanwhile_is_gone(agent: Agent, api: ApiServer) -> None:
    api.objects[PODS] = [pod("api", "10.1.0.3", 20)]
    gone = {"metadata": {}, "code": 410, "message": "too old resource version"}
    api.tell(PODS, "ERROR", gone)
    rules = agent.loads_text("10.1.0.3 jump ingress-1")
    assert "10.1.0.2" not in rules
    assert api.watches(PODS)[-1]["sendInitialEvents"] == "true"


def test_a_silent_api_server_takes_no_rules_away(agent: Agent, api: ApiServer) -> None:
    api.http.shutdown()
    api.http.server_close()
    for path in api.objects:
        api.end_watch(path)
    assert agent.process.stderr is not None
    eventually(
        lambda: "starting over" in (agent.process.stderr.readline() if agent.process.stderr else ""), 20, "a try"
    )
    assert len(agent.loaded()) == 1
    assert agent.process.poll() is None


def test_a_stop_is_at_once_and_loads_nothing(agent: Agent) -> None:
    agent.process.send_signal(signal.SIGTERM)
    assert agent.process.wait(timeout=5) == 0
    assert len(agent.loaded()) == 1


def test_rules_that_nft_refuses_end_the_agent_with_what_it_said(agent: Agent, api: ApiServer) -> None:
    Path(f"{agent.loads}.broken").touch()
    api.tell(PODS, "ADDED", pod("api", "10.1.0.3", 11))
    _, said = agent.process.communicate(timeout=10)
    assert agent.process.returncode == 1
    assert "nft refused the rules, the last ones stay: no such thing" in said
