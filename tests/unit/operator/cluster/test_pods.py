"""The mirror of pods: each counts where its labels say, and nowhere else."""

from typing import Any

from usecase_operator.cluster.pods import Pods


def pod(instance: str, version: int = 1) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": instance, "app.kubernetes.io/component": "web"}
    metadata = {"name": "p", "namespace": "n", "uid": "p1", "resourceVersion": str(version), "labels": labels}
    return {"metadata": metadata, "spec": {}, "status": {"phase": "Running"}}


def test_a_pod_that_is_relabelled_leaves_its_component() -> None:
    """As somebody does who takes one out of its ReplicaSet to look at it."""
    woken: list[tuple[str, str]] = []
    pods = Pods(woken.append)
    pods.put(pod("shop"))
    pods.put(pod("debug", 2))
    assert (len(pods.of("n", "shop", "web")), len(pods.of("n", "debug", "web"))) == (0, 1)
    assert woken == [("n", "shop"), ("n", "shop"), ("n", "debug")]
    pods.remove(pod("debug", 3))
    assert pods.of("n", "debug", "web") == []


def test_a_list_drops_what_it_does_not_name() -> None:
    pods = Pods(lambda _: None)
    pods.put(pod("shop"))
    pods.keep_only(set(), "elsewhere")
    assert len(pods.of("n", "shop", "web")) == 1
    pods.keep_only(set(), "n")
    assert pods.of("n", "shop", "web") == []
