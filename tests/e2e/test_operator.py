"""What somebody does with the operator as the chart installs it: create, scale, roll, break, heal, suspend, delete."""

from typing import Any

import pytest

from cluster.fixtures import Cluster
from cluster.polling import eventually
from e2e.charts import home_of
from integration.operator.world import World


def shop(**back: Any) -> tuple[dict[str, Any], ...]:
    """Two components, the front using the back."""
    front = {"name": "front", "uses": [{"component": "back", "env": "BACK"}]}
    return front, {"name": "back", **back}


def images(world: World, usecase: str) -> set[str]:
    pods = world.get("pods", "--selector", f"app.kubernetes.io/instance={usecase}")["items"]
    return {each["spec"]["containers"][0]["image"] for each in pods}


def ready_pods(world: World, deployment: str) -> int:
    return int(world.get("deployment", deployment)["status"].get("readyReplicas", 0))


@pytest.mark.timeout(420)
def test_the_life_of_a_use_case(cluster: Cluster, apps: World, place: str) -> None:
    # Created, beside another one whose components have the same names.
    apps.usecase("shop", *shop())
    apps.usecase("store", *shop())
    for name in ("shop", "store"):
        apps.kubectl("wait", f"usecase/{name}", "--for=condition=Ready", "--timeout=90s")
    assert apps.get("usecase", "shop")["status"]["componentsReady"] == "2/2"

    # Scaled by hand: it lasts, also beyond the process that leads, and the other one has nothing of it.
    apps.kubectl("scale", "deployment/shop-back", "--replicas=3")
    eventually(lambda: ready_pods(apps, "shop-back") == 3, timeout=60, what="three pods")
    home = home_of(place)
    lease = cluster.get("lease", "--namespace", home)["items"][0]["spec"]["holderIdentity"]
    cluster.kubectl("--namespace", home, "delete", "pod", lease, "--grace-period=0", "--force")
    apps.kubectl("delete", "service", "shop-back")
    eventually(lambda: apps.exists("service", "shop-back"), timeout=20, what="the successor puts the Service back")
    assert apps.get("deployment", "shop-back")["spec"]["replicas"] == 3
    assert apps.component("shop", "back")["replicas"]["source"] == "Manual"
    assert apps.get("deployment", "store-back")["spec"]["replicas"] == 1

    # Rolled, then broken: the pods that work stay, the status says why.
    apps.usecase("shop", *shop(env=[{"name": "ROUND", "value": "2"}]))
    apps.wait_ready("shop", timeout=90)
    assert ready_pods(apps, "shop-back") == 3
    apps.usecase("shop", *shop(image="usecase.local/echo:there-is-none"))
    eventually(
        lambda: apps.component("shop", "back").get("reason") == "ImagePullBackOff", timeout=60, what="the pod's reason"
    )
    assert ready_pods(apps, "shop-back") == 3

    # Healed by the old spec.
    apps.usecase("shop", *shop())
    apps.wait_ready("shop", timeout=90)
    eventually(lambda: images(apps, "shop") == {apps.image}, timeout=60, what="pods of the good image only")

    # Suspended and taken up again, with the number it had.
    apps.usecase("shop", *shop(), suspend=True)
    eventually(lambda: images(apps, "shop") == set(), timeout=60, what="no pods")
    assert apps.condition("shop", "Ready")["reason"] == "SuspendedBySpec"
    apps.usecase("shop", *shop(), suspend=False)
    apps.wait_ready("shop", timeout=90)
    assert apps.get("deployment", "shop-back")["spec"]["replicas"] == 3

    # Deleted: nothing is left of it, and everything of the other.
    apps.delete("shop")
    selector = ("--selector", "app.kubernetes.io/instance=shop", "--output", "name")
    kinds = "deployments,services,serviceaccounts,networkpolicies,poddisruptionbudgets"
    eventually(lambda: apps.kubectl("get", kinds, *selector) == "", timeout=60, what="nothing is left")
    assert ready_pods(apps, "store-back") == 1
