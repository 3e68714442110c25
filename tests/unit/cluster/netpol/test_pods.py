"""What is kept of a pod, and where its address comes from before the API has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from cluster.netpol.pods import addresses, parse


def api_pod(spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "metadata": {"uid": "u1", "name": "web-0", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"nodeName": "one", "containers": [{"name": "main"}], **(spec or {})},
        "status": {"phase": "Running", "podIPs": [{"ip": "10.1.0.2"}], **(status or {})},
    }


NOT_OURS: dict[str, dict[str, Any]] = {
    "on the node's network": api_pod({"hostNetwork": True}),
    "not scheduled": api_pod({"nodeName": ""}),
    "finished": api_pod(status={"phase": "Succeeded"}),
    "failed": api_pod(status={"phase": "Failed"}),
}


@pytest.mark.parametrize("pod", NOT_OURS.values(), ids=NOT_OURS)
def test_pods_that_policies_do_not_reach_are_left_out(pod: dict[str, Any]) -> None:
    assert parse(pod) is None
    assert parse(api_pod()) is not None


def test_named_ports_of_containers_and_sidecars_are_kept_with_their_protocol() -> None:
    pod = parse(
        api_pod(
            {
                "containers": [{"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 1}]}, {}],
                "initContainers": [
                    {"restartPolicy": "Always", "ports": [{"name": "dns", "protocol": "UDP", "containerPort": 53}]},
                    {"ports": [{"name": "setup", "containerPort": 2}]},
                ],
            }
        )
    )
    assert pod is not None
    assert pod.ports == (("http", "TCP", 8080), ("dns", "UDP", 53))


def test_the_ipv4_address_is_taken_of_several() -> None:
    pod = parse(api_pod(status={"podIPs": [{"ip": "fd00::2"}, {"ip": "10.1.0.2"}]}))
    assert pod is not None
    assert pod.ip == "10.1.0.2"


def test_a_pod_without_address_yet_is_kept() -> None:
    pod = parse(api_pod(status={"podIPs": None}))
    assert pod is not None
    assert pod.ip == ""


def test_a_change_of_status_alone_changes_nothing_that_is_kept() -> None:
    assert parse(api_pod()) == parse(api_pod(status={"conditions": [{"type": "Ready", "status": "True"}]}))


def test_a_pod_that_leaves_sorts_before_one_that_stays_whichever_is_older() -> None:
    leaving, staying = api_pod(), api_pod()
    leaving["metadata"] |= {"deletionTimestamp": "2026-01-02T00:00:00Z", "creationTimestamp": "2026-01-01T12:00:00Z"}
    kept = [parse(leaving), parse(staying)]
    assert [pod.age for pod in kept if pod] == sorted(pod.age for pod in kept if pod)


def result(uid: str, *ips: str) -> str:
    args = [["IgnoreUnknown", "1"], ["K8S_POD_NAMESPACE", "shop"], ["K8S_POD_UID", uid]]
    return json.dumps({"kind": "cniCacheV1", "cniArgs": args, "result": {"ips": [{"address": ip} for ip in ips]}})


def test_addresses_come_from_the_cni_results_of_each_sandbox(tmp_path: Path) -> None:
    (tmp_path / "pods-1-eth0").write_text(result("u1", "10.1.0.2/24"))
    (tmp_path / "pods-2-eth0").write_text(result("u2", "fd00::3/64", "10.1.0.3/24"))
    (tmp_path / "pods-2-lo").write_text(result("u2", "127.0.0.1/8"))
    assert addresses(tmp_path) == {"u1": "10.1.0.2", "u2": "10.1.0.3"}


def test_a_result_that_is_half_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    whole = result("u1", "10.1.0.2/24")
    file = tmp_path / "pods-1-eth0"
    file.write_text(whole[:40])
    assert addresses(tmp_path) == {}
    file.write_text(whole)
    assert addresses(tmp_path) == {"u1": "10.1.0.2"}


def test_without_results_there_are_no_addresses(tmp_path: Path) -> None:
    assert addresses(tmp_path / "none") == {}
