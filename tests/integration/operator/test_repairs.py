"""Damage that is more than an edited field: owners and selectors taken, repairs that are fought, deletions untold."""

import time
from pathlib import Path
from typing import Any

import pytest

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.operator_process import OperatorProcess
from integration.operator.stage import PLACED
from integration.operator.world import World
from usecase_operator.cluster.access import from_kubeconfig
from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import Client
from usecase_operator.cluster.fights import AT_ONCE
from usecase_operator.cluster.roll_call import call
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.metadata import MANAGED_BY

IDLE = {"scaling": {"replicas": 0}}
WEB = {"name": "web", **IDLE}
REPAIRS = r'usecase_drift_repaired_total\{system="kubernetes"\}'


def metadata(world: World, kind: str, name: str) -> dict[str, Any]:
    return dict(world.get(kind, name)["metadata"])


def events(world: World, usecase: str, reason: str) -> list[dict[str, Any]]:
    found = world.get("events.events.k8s.io")["items"]
    return [each for each in found if each["regarding"]["name"] == usecase and each["reason"] == reason]


def autoscaler(name: str, target: str) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": 1,
            "maxReplicas": 2,
        },
    }


# A body that does not fit


def test_a_typo_in_a_pod_template_is_said_with_its_field_and_stops_nothing_else(world: World) -> None:
    typo = {"spec": {"terminationGracePeriodSecond": 5}}
    world.usecase("typo", {**WEB, "podTemplate": typo}, {"name": "fine", **IDLE})
    refused = world.wait_condition("typo", "Accepted", "False", "ApplyRefused", timeout=20)
    assert "Deployment typo-web" in refused["message"]
    assert ".spec.template.spec.terminationGracePeriodSecond: field not declared in schema" in refused["message"]
    assert world.condition("typo", "Stalled")["status"] == "True"
    assert world.exists("deployment", "typo-fine")
    world.usecase("typo", WEB, {"name": "fine", **IDLE})
    world.wait_ready("typo")


# Whose it is


@pytest.mark.parametrize(
    ("kind", "component"),
    [
        ("service", WEB),
        ("deployment", WEB),
        ("networkpolicy", WEB),
        pytest.param("deployment", {"name": "web", "kind": "Bot"}, id="a bot's, whose pod runs on"),
    ],
)
def test_a_child_that_lost_its_owner_gets_it_back(world: World, kind: str, component: dict[str, Any]) -> None:
    world.usecase("robbed", component)
    world.wait_ready("robbed")
    owners = metadata(world, kind, "robbed-web")["ownerReferences"]
    world.kubectl("patch", kind, "robbed-web", "--type=merge", "-p", '{"metadata":{"ownerReferences":null}}')
    eventually(
        lambda: metadata(world, kind, "robbed-web").get("ownerReferences") == owners, timeout=5, what="its owner"
    )
    eventually(lambda: "FieldConflict" in world.events("robbed"), timeout=5, what="an Event tells")
    assert world.condition("robbed", "Accepted")["status"] == "True"


def test_what_an_orphaning_deletion_leaves_behind_stays(world: World) -> None:
    world.usecase("left", WEB)
    world.wait_ready("left")
    uids = {kind: metadata(world, kind, "left-web")["uid"] for kind in ("service", "deployment", "networkpolicy")}
    world.kubectl("delete", "usecase", "left", "--cascade=orphan", "--timeout=60s")
    world.usecase("after", WEB)
    world.wait_ready("after")
    for kind, uid in uids.items():
        found = metadata(world, kind, "left-web")
        assert (found["uid"], found.get("ownerReferences")) == (uid, None), kind
        world.kubectl("delete", kind, "left-web")


SCALED = {"name": "web", "scaling": {"mode": "CPU", "min": 1, "max": 2}}


def wait_no_conflict(world: World, usecase: str) -> None:
    eventually(
        lambda: world.condition(usecase, "ScalingActive").get("reason") not in (None, "AutoscalerConflict"),
        timeout=30,
        what="no conflict",
    )


def test_an_autoscaler_that_is_handed_over_conflicts_no_more(world: World) -> None:
    world.apply(autoscaler("scaling-web", "scaling-web"))
    world.usecase("scaling", SCALED)
    world.wait_condition("scaling", "ScalingActive", "False", "AutoscalerConflict", timeout=20)
    world.kubectl("annotate", "hpa", "scaling-web", "usecase.dev/adopt=true")
    wait_no_conflict(world, "scaling")
    assert metadata(world, "hpa", "scaling-web")["ownerReferences"][0]["name"] == "scaling"


# The number of pods


def test_a_deployment_that_the_watch_does_not_show_keeps_its_number(world: World, operator: OperatorProcess) -> None:
    world.usecase("hidden", WEB)
    world.wait_ready("hidden")
    operator.stop()
    world.kubectl("scale", "deployment/hidden-web", "--replicas=2")
    world.kubectl("label", "deployment", "hidden-web", f"{MANAGED_BY}-")
    operator.start()
    eventually(
        lambda: MANAGED_BY in metadata(world, "deployment", "hidden-web")["labels"], timeout=20, what="the label"
    )
    eventually(
        lambda: world.component("hidden", "web")["replicas"].get("source") == "Manual", timeout=20, what="it is noted"
    )
    assert world.get("deployment", "hidden-web")["spec"]["replicas"] == 2


def test_a_number_is_written_when_the_autoscaler_that_would_undo_it_is_gone(world: World, kwok: None) -> None:
    """The autoscaler is held by a finalizer: it goes on writing its least number, deleted or not."""
    web = {"name": "web", "podTemplate": PLACED}
    world.usecase("freed", {**web, "scaling": {"mode": "CPU", "min": 2, "max": 3}})
    eventually(lambda: number(world, "freed-web") == 2, timeout=40, what="its least number, by the autoscaler")
    world.kubectl(
        "patch", "hpa", "freed-web", "--type=merge", '--patch={"metadata":{"finalizers":["example.com/held"]}}'
    )
    try:
        world.usecase("freed", {**web, "scaling": {"replicas": 1}})
        eventually(
            lambda: "HorizontalPodAutoscaler freed-web is gone" in world.component("freed", "web")["message"],
            timeout=20,
            what="what its number waits for",
        )
        assert "deletionTimestamp" in metadata(world, "hpa", "freed-web")
        assert number(world, "freed-web") == 2
        assert world.condition("freed", "Ready")["status"] != "True"
    finally:  # a namespace with a held object in it never ends
        world.kubectl("patch", "hpa", "freed-web", "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    world.wait_ready("freed")
    assert number(world, "freed-web") == 1


def number(world: World, deployment: str) -> int:
    return int(world.get("deployment", deployment)["spec"]["replicas"])


# Wars


def test_who_changes_a_child_again_and_again_is_answered_ever_later(world: World, operator: OperatorProcess) -> None:
    world.usecase("fought", WEB)
    world.wait_ready("fought")
    before, took = operator.metric(REPAIRS), []
    for _ in range(AT_ONCE + 3):
        world.kubectl("label", "service", "fought-web", "app.kubernetes.io/name=x", "--overwrite")
        damaged = time.monotonic()
        eventually(
            lambda: metadata(world, "service", "fought-web")["labels"]["app.kubernetes.io/name"] == "web",
            timeout=20,
            what="it is put back",
            every=0.05,
        )
        took.append(time.monotonic() - damaged)
    assert max(2, *took[:AT_ONCE]) < took[-1]
    assert operator.metric(REPAIRS) - before == AT_ONCE + 3
    (told,) = events(world, "fought", "FieldConflict")
    eventually(
        lambda: events(world, "fought", "FieldConflict")[0].get("series", {}).get("count") == AT_ONCE + 3,
        timeout=5,
        what="one Event counts them",
    )
    assert "kubectl" in told["note"]


# Ghosts


async def test_a_roll_call_finds_who_is_not_there_and_who_was_not_seen(
    world: World, cluster: Cluster, tmp_path: Path
) -> None:
    for name in ("one", "two", "three"):
        world.usecase(name, WEB)
    uids = {metadata(world, "usecase", name)["uid"] for name in ("one", "two", "three")}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(cluster.kubectl("config", "view", "--raw", "--minify"))
    usecases = UseCases(lambda _: None)
    for each in world.get("usecases")["items"]:
        if each["metadata"]["name"] != "three":
            usecases.put(each)
    ghost = world.get("usecase", "one")
    ghost["metadata"] |= {"name": "ghost", "uid": "ghost", "resourceVersion": "1"}
    usecases.put(ghost)
    unseen = metadata(world, "usecase", "three")["uid"]
    assert set(usecases.uids()) == {*uids, "ghost"} - {unseen}
    async with from_kubeconfig(kubeconfig, cluster.context).session(2) as session:
        client = Client(session, lambda: None)
        assert (await client.roll("UseCase", world.namespace, page_size=1))[0].keys() == uids
        await call(client, usecases, Children(lambda _: None), [world.namespace])
        assert set(usecases.uids()) == uids
        with pytest.raises(ClusterError):
            metadata(world, "usecase", "ghost")
        assert await client.get_metadata("UseCase", world.namespace, "ghost") is None
