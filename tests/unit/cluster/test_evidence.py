"""Of a failed test is kept what every namespace that tests work in has to say, and of what crashed its last words."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cluster import evidence
from cluster.errors import ClusterError


class Cluster:
    """Answers lists of namespaces and pods; whatever else is asked is repeated."""

    def __init__(self, pods: Mapping[str, Any]) -> None:
        self.pods = pods

    def kubectl(self, *arguments: str) -> str:
        words = [word for word in arguments if not word.startswith("--request-timeout")]
        if words[:2] == ["get", "namespaces"]:
            return listed({"metadata": {"name": name}} for name in ("default", "task-management", *self.pods))
        if words[2:5] == ["get", "pods", "--output"]:
            return listed(self.pods.get(words[1], []))
        if "scaledobjects" in words:
            raise ClusterError('the server doesn\'t have a resource type "scaledobjects"')
        return " ".join(words)


def listed(items: Any) -> str:
    return json.dumps({"items": list(items)})


def pod(name: str, restarts: int) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"containerStatuses": [{"name": "main", "restartCount": restarts}]}}


def test_every_namespace_of_tests_and_of_the_stack_is_kept(tmp_path: Path) -> None:
    said = evidence.keep(Cluster({"t-a-1": [], "op-home-2": [], "kube-system": []}), tmp_path)
    assert f"t-a-1: {tmp_path / 't-a-1'}; its last Events:" in said
    assert {path.name for path in tmp_path.iterdir()} == {"t-a-1", "op-home-2", "task-management"}


def test_what_ran_before_a_restart_is_kept_too(tmp_path: Path) -> None:
    evidence.keep(Cluster({"t-a-1": [pod("calm", 0), pod("crashed", 2)]}), tmp_path)
    assert (tmp_path / "t-a-1" / "crashed-main-previous.log").read_text().endswith("--container main --previous")
    assert {path.name for path in (tmp_path / "t-a-1").glob("*.log")} == {
        "calm.log",
        "crashed.log",
        "crashed-main-previous.log",
    }


def test_what_the_cluster_does_not_know_is_said_in_its_place(tmp_path: Path) -> None:
    evidence.keep(Cluster({"t-a-1": []}), tmp_path)
    assert "resource type" in (tmp_path / "t-a-1" / "scaledobjects.yaml").read_text()
    assert (tmp_path / "t-a-1" / "usecases.yaml").exists()
