"""Why pods do not run, in the words of whoever keeps them from it: scheduler, quota, kubelet.

The crash and its exit code are in `test_lifecycle.py`, a missing key and a bad image name in `test_bad_input.py`.
"""

from collections.abc import Iterator

import pytest

from cluster.polling import eventually
from integration.operator.world import World


@pytest.fixture
def no_pods(world: World) -> Iterator[None]:
    """A quota that admits no new pod, in force."""
    world.apply(
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    )
    eventually(
        lambda: world.get("resourcequota", "none")["status"].get("hard") == {"pods": "0"}, timeout=20, what="the quota"
    )
    yield
    world.kubectl("delete", "resourcequota", "none", "--ignore-not-found")


def test_a_pod_that_no_node_takes_and_an_image_that_nobody_has(world: World) -> None:
    nowhere = {"spec": {"nodeSelector": {"disk": "made-of-cheese"}}}
    absent = {"image": "usecase.invalid/nobody/has:this", "imagePullPolicy": "IfNotPresent"}
    world.usecase("stuck", {"name": "placed", "podTemplate": nowhere}, {"name": "pulled", **absent})
    for component, reason, word in (
        ("placed", "Unschedulable", "node affinity/selector"),
        ("pulled", "ImagePullBackOff", "usecase.invalid"),
    ):
        eventually(
            lambda c=component, r=reason: world.component("stuck", c).get("reason") == r,  # type: ignore[misc]
            timeout=60,
            what=f"{component}: {reason}",
        )
        assert word in world.component("stuck", component)["message"]
        assert world.component("stuck", component)["state"] == "Failed"
    told = world.wait_condition("stuck", "ComponentsReady", "False", "Unschedulable", timeout=20)
    assert "placed: 0/1 ready: Unschedulable" in told["message"]
    assert "pulled: 0/1 ready: ImagePullBackOff" in told["message"]


def test_a_quota_is_named_and_its_end_noticed(world: World, no_pods: None) -> None:
    world.usecase("broke", {"name": "web"})
    told = world.wait_condition("broke", "ComponentsReady", "False", "QuotaExceeded", timeout=60)
    assert "exceeded quota: none" in told["message"]
    world.kubectl("delete", "resourcequota", "none")
    # Its controller tries again at growing intervals; a new revision is tried at once.
    world.usecase("broke", {"name": "web", "env": [{"name": "AGAIN", "value": "1"}]})
    world.wait_ready("broke", timeout=60)
