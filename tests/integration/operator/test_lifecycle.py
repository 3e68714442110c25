"""One UseCase on a real API server: made, scaled, damaged, restored, deleted; by an operator with the least rights."""

import json
from typing import Any

import httpx
import pytest

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from integration.operator.operator_process import OperatorProcess
from integration.operator.stage import PLACED
from integration.operator.world import World

IDLE = {"scaling": {"replicas": 0}}


def all_is_looked_at(operator: OperatorProcess) -> None:
    """It has been started just now: every use case has had its first pass."""
    eventually(lambda: operator.metric("usecase_reconcile_seconds_count") >= 1, timeout=20, what="a pass after restart")
    eventually(lambda: operator.metric("usecase_reconcile_queue_length") == 0, timeout=20, what="all passes are done")


def test_a_use_case_becomes_ready_and_has_everything_its_kind_needs(world: World) -> None:
    world.usecase("made", {"name": "web"})
    world.wait_ready("made")
    for kind in ("deployment", "service", "serviceaccount", "networkpolicy", "poddisruptionbudget"):
        assert world.exists(kind, "made-web"), kind
    assert {"Accepted", "Ready"} <= world.events("made")


def test_a_restart_writes_nothing(world: World, operator: OperatorProcess) -> None:
    world.usecase(
        "calm", {"name": "one", **IDLE}, {"name": "two", "uses": [{"component": "one", "env": "ONE"}], **IDLE}
    )
    world.wait_ready("calm")
    before = world.get("usecase", "calm")["metadata"]["resourceVersion"]
    assert operator.stop() == 0
    operator.start()
    all_is_looked_at(operator)
    assert operator.writes() == 0
    assert world.get("usecase", "calm")["metadata"]["resourceVersion"] == before


def test_kubectl_scale_lasts_until_the_number_in_the_resource_changes(
    world: World, operator: OperatorProcess, kwok: None
) -> None:
    """Ten passes that roll pods out, by a variable and by an image in turn, and an operator that comes back."""
    web: dict[str, Any] = {"name": "web", "podTemplate": PLACED, "scaling": {"replicas": 2}}
    world.usecase("scaled", web)
    world.wait_ready("scaled")
    world.kubectl("scale", "deployment/scaled-web", "--replicas=5")
    eventually(
        lambda: world.component("scaled", "web")["replicas"].get("source") == "Manual", timeout=20, what="source Manual"
    )

    def deployment() -> tuple[int, dict[str, Any]]:
        spec = world.get("deployment", "scaled-web")["spec"]
        return spec["replicas"], spec["template"]["spec"]["containers"][0]

    before = operator.metric("usecase_reconcile_seconds_count")
    for number in range(10):
        change = {"image": f"usecase.local/echo:{number}"} if number % 2 else {}
        web = {**web, "env": [{"name": "ROUND", "value": str(number // 2)}], **change}
        world.usecase("scaled", web)
        world.wait_ready("scaled")
        replicas, container = deployment()
        assert replicas == 5
        assert {"name": "ROUND", "value": str(number // 2)} in container["env"]
        assert container["image"] == web.get("image", world.image)
    assert operator.metric("usecase_reconcile_seconds_count") - before >= 10
    operator.stop()
    operator.start()
    all_is_looked_at(operator)
    assert deployment()[0] == 5
    world.usecase("scaled", {**web, "scaling": {"replicas": 1}})
    eventually(lambda: deployment()[0] == 1, timeout=20, what="the new number in the resource wins")


def test_the_first_pod_count_is_right_from_the_first_write(world: World) -> None:
    world.usecase("counted", {"name": "web", **IDLE})
    world.wait_ready("counted")
    found = world.get("replicasets", "--selector", "app.kubernetes.io/instance=counted")["items"]
    pods = [each for each in world.get("events")["items"] if each["reason"] == "SuccessfulCreate"]
    assert [each["spec"]["replicas"] for each in found] == [0]
    assert not [each for each in pods if each["involvedObject"]["name"] in {each["metadata"]["name"] for each in found}]


DAMAGES = [
    pytest.param(("label", "service", "hurt-web", "app.kubernetes.io/name=x", "--overwrite"), id="label"),
    pytest.param(("label", "deployment", "hurt-web", "app.kubernetes.io/managed-by-"), id="label we select by"),
    pytest.param(
        ("patch", "networkpolicy", "hurt-web", "--type=merge", "-p", '{"spec":{"policyTypes":["Egress"]}}'),
        id="NetworkPolicy",
    ),
    pytest.param(
        ("patch", "networkpolicy", "hurt-web", "--type=merge", "-p", '{"spec":{"ingress":[{}]}}'),
        id="NetworkPolicy that lets all in",
    ),
    pytest.param(
        (
            *("patch", "deployment", "hurt-web", "--type=merge", "-p"),
            '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":77}}}}',
        ),
        id="Deployment field",
    ),
    pytest.param(("delete", "service", "hurt-web"), id="deleted Service"),
    pytest.param(("delete", "deployment", "hurt-web"), id="deleted Deployment"),
    pytest.param(("delete", "poddisruptionbudget", "hurt-web"), id="deleted PDB"),
]


def essence(world: World) -> str:
    """What we render of every child of the damaged use case, in one comparable text."""
    items = []
    for kind in ("service", "deployment", "networkpolicy", "poddisruptionbudget", "serviceaccount"):
        if world.exists(kind, "hurt-web"):
            found = world.get(kind, "hurt-web")
            spec = {key: value for key, value in found.get("spec", {}).items() if not key.startswith("clusterIP")}
            items.append([kind, found["metadata"].get("labels"), spec])
    return json.dumps(items, sort_keys=True)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_repaired(world: World, damage: tuple[str, ...]) -> None:
    world.usecase("hurt", {"name": "web", **IDLE})
    world.wait_ready("hurt")
    before = essence(world)
    world.kubectl(*damage)
    eventually(lambda: essence(world) == before, timeout=5, what="the child is as it was")
    if damage[0] == "delete":
        eventually(lambda: "ChildRestored" in world.events("hurt"), timeout=5, what="an Event tells")


def test_who_changed_a_field_is_told_by_name(world: World) -> None:
    world.usecase("hurt", {"name": "web", **IDLE})
    world.wait_ready("hurt")
    before = essence(world)
    policy = '{"spec":{"policyTypes":["Egress"]}}'
    world.kubectl("patch", "networkpolicy", "hurt-web", "--type=merge", "--field-manager=intruder", "-p", policy)

    def told() -> bool:
        notes = [each for each in world.notes("hurt", "FieldConflict") if "intruder" in each]
        return notes == ["NetworkPolicy hurt-web: spec.policyTypes changed by intruder; put back"]

    eventually(told, timeout=10, what="an Event tells")
    assert essence(world) == before


def test_damage_done_while_the_operator_is_down_is_repaired(world: World, operator: OperatorProcess) -> None:
    world.usecase("hurt", {"name": "web", **IDLE})
    world.wait_ready("hurt")
    before = essence(world)
    operator.stop()
    for damage in DAMAGES:
        world.kubectl(*damage.values[0])  # type: ignore[misc]
        if "delete" in damage.values[0]:  # type: ignore[operator]
            break
    assert essence(world) != before
    operator.start()
    eventually(lambda: essence(world) == before, timeout=10, what="everything is as it was")


def test_a_recreated_deployment_gets_the_number_it_had(world: World) -> None:
    world.usecase("again", {"name": "web", "scaling": {"replicas": 0}})
    world.wait_ready("again")
    world.kubectl("scale", "deployment/again-web", "--replicas=2")
    eventually(lambda: world.component("again", "web")["replicas"].get("desired") == 2, timeout=20, what="2 is noted")
    world.kubectl("delete", "deployment", "again-web")
    eventually(
        lambda: (
            world.exists("deployment", "again-web") and world.get("deployment", "again-web")["spec"]["replicas"] == 2
        ),
        timeout=10,
        what="two pods again",
    )


def test_an_object_somebody_else_made_is_refused_until_it_is_offered(world: World) -> None:
    world.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "taken-web", "labels": {"app": "theirs"}},
            "spec": {"ports": [{"port": 8080}], "selector": {"app": "theirs"}},
        }
    )
    world.usecase("taken", {"name": "web", **IDLE})
    refused = world.wait_condition("taken", "Accepted", "False", "NameConflict", timeout=20)
    assert "Service taken-web" in refused["message"]
    assert "usecase.dev/adopt=true" in refused["message"]
    assert world.get("service", "taken-web")["spec"]["selector"] == {"app": "theirs"}
    world.kubectl("annotate", "service", "taken-web", "usecase.dev/adopt=true")
    world.wait_ready("taken", timeout=40)
    assert world.get("service", "taken-web")["metadata"]["ownerReferences"][0]["name"] == "taken"


def test_a_gate_names_its_root_cause_and_opens_when_it_is_ready(world: World) -> None:
    broken = {"name": "data", "env": [{"name": "EXIT_CODE", "value": "7"}]}
    front = {"name": "front", "uses": [{"component": "middle", "env": "MIDDLE"}]}
    middle = {"name": "middle", "uses": [{"component": "data", "env": "DATA"}]}
    world.usecase("chained", front, middle, broken)
    eventually(
        lambda: world.component("chained", "data").get("reason") == "CrashLoopBackOff",
        timeout=60,
        what="the pod's reason",
    )
    blocked = world.component("chained", "front")
    assert blocked["state"] == "Blocked"
    assert [each["component"] for each in blocked["blockedOn"]] == ["middle", "data"]
    assert "exit 7" in world.component("chained", "data")["message"]
    assert not world.exists("deployment", "chained-front")
    assert world.exists("service", "chained-front"), "only the Deployment waits"
    world.usecase("chained", front, middle, {"name": "data"})
    world.wait_ready("chained", timeout=120)


def test_pods_keep_their_ways_until_those_that_replace_them_are_up(world: World, cluster: Cluster) -> None:
    """`web` moves from one target to another that is not ready: the pods of before go on by the old one."""
    old = {"name": "old"}
    world.usecase("moved", {"name": "web", "uses": [{"component": "old", "env": "BACK"}]}, old)
    world.wait_ready("moved")

    def reaches(component: str) -> bool:
        url = f"http://moved-{component}.{world.namespace}:8080/"
        with cluster.port_forward(world.namespace, "deployment/moved-web", 8080) as port:
            answer = httpx.get(f"http://127.0.0.1:{port}/fetch", params={"url": url}, timeout=20)
        return answer.status_code == 200

    eventually(lambda: reaches("old"), timeout=30, what="the first target answers")
    web = {"name": "web", "uses": [{"component": "new", "env": "BACK"}]}
    world.usecase("moved", web, old, {"name": "new", "env": [{"name": "NOT_READY", "value": "1"}]})
    eventually(lambda: world.component("moved", "web")["state"] == "Blocked", timeout=30, what="it waits")
    assert (
        world.get("networkpolicy", "moved-web")["spec"]["egress"][1]["to"][0]["podSelector"]["matchLabels"][
            "app.kubernetes.io/component"
        ]
        == "new"
    )
    assert reaches("old")
    world.usecase("moved", web, old, {"name": "new"})
    world.wait_ready("moved")
    eventually(
        lambda: "." not in world.kubectl("get", "networkpolicies", "--output", "jsonpath={.items[*].metadata.name}"),
        timeout=60,
        what="nothing is left of the former policies",
    )
    eventually(lambda: reaches("new"), timeout=30, what="the second target answers")
    assert not reaches("old")


def test_a_suspended_use_case_has_no_pods_and_returns_to_its_numbers(world: World) -> None:
    world.usecase("paused", {"name": "web"})
    world.wait_ready("paused")
    world.usecase("paused", {"name": "web"}, suspend=True)
    world.wait_condition("paused", "Suspended", "True")
    eventually(lambda: world.get("deployment", "paused-web")["spec"]["replicas"] == 0, timeout=20, what="no pods")
    world.usecase("paused", {"name": "web"}, suspend=False)
    eventually(lambda: world.get("deployment", "paused-web")["spec"]["replicas"] == 1, timeout=20, what="one pod again")
    world.wait_ready("paused")


def test_a_use_case_whose_spec_is_refused_can_be_stopped(world: World, kwok: None) -> None:
    """By whoever pulls the brake, while somebody else still looks for what is wrong with it."""
    web: dict[str, Any] = {"name": "web", "podTemplate": PLACED}
    world.usecase("braked", web)
    world.wait_ready("braked")
    world.kubectl("scale", "deployment/braked-web", "--replicas=3")
    eventually(lambda: world.component("braked", "web")["replicas"]["source"] == "Manual", timeout=20, what="by hand")
    other = {"name": "other", "uses": [{"component": "web", "env": "WEB"}]}
    circle = {**web, "uses": [{"component": "other", "env": "OTHER"}]}, other
    world.usecase("braked", *circle)
    world.wait_condition("braked", "Accepted", "False", "DependencyCycle", timeout=20)
    world.usecase("braked", *circle, suspend=True)
    eventually(lambda: world.get("deployment", "braked-web")["spec"]["replicas"] == 0, timeout=20, what="no pods")
    assert world.condition("braked", "Suspended")["status"] == "True"
    world.usecase("braked", web, suspend=False)
    eventually(lambda: world.get("deployment", "braked-web")["spec"]["replicas"] == 3, timeout=20, what="as before")
    world.wait_ready("braked")


def test_more_pods_take_nothing_away_from_ready(world: World, kwok: None) -> None:
    world.usecase("grown", {"name": "web", "podTemplate": PLACED})
    world.wait_ready("grown")
    assert world.times_told("grown", "Ready") == 1
    for number in (3, 6):
        world.kubectl("scale", "deployment/grown-web", f"--replicas={number}")
        eventually(
            lambda n=number: world.component("grown", "web")["replicas"].get("ready") == n,  # type: ignore[misc]
            timeout=30,
            what=f"{number} are ready",
        )
    assert world.times_told("grown", "Ready") == 1


def test_a_component_that_is_dropped_takes_its_objects_along(world: World) -> None:
    world.usecase("pruned", {"name": "stays", **IDLE}, {"name": "goes", **IDLE})
    world.wait_ready("pruned")
    world.usecase("pruned", {"name": "stays", **IDLE})
    for kind in ("deployment", "service", "serviceaccount", "networkpolicy", "poddisruptionbudget"):
        eventually(lambda k=kind: not world.exists(k, "pruned-goes"), timeout=20, what=f"{kind} is gone")  # type: ignore[misc]
    assert world.exists("deployment", "pruned-stays")


def test_a_circle_of_gates_is_named(world: World) -> None:
    one = {"name": "one", "uses": [{"component": "two", "env": "TWO"}]}
    two = {"name": "two", "uses": [{"component": "one", "env": "ONE"}]}
    world.usecase("circle", one, two)
    refused = world.wait_condition("circle", "Accepted", "False", "DependencyCycle", timeout=20)
    assert "one → two → one" in refused["message"]
    assert world.condition("circle", "Stalled")["status"] == "True"


def test_a_missing_secret_is_named_and_its_arrival_noticed(world: World) -> None:
    secret_env = [{"name": "KEY", "secretRef": {"name": "later", "key": "key"}}]
    world.usecase("waits", {"name": "web", "secretEnv": secret_env})
    refused = world.wait_condition("waits", "Accepted", "False", "SecretNotFound", timeout=20)
    assert "Secret later" in refused["message"]
    world.secret("later", key="value")
    world.wait_ready("waits")
    before = world.get("deployment", "waits-web")["metadata"]["generation"]
    world.secret("later", key="other")
    eventually(
        lambda: world.get("deployment", "waits-web")["metadata"]["generation"] > before, timeout=15, what="pods roll"
    )


def test_without_the_right_to_secrets_the_command_is_told(
    cluster: Cluster, operator: OperatorProcess, secretless: str, home: str
) -> None:
    world = World(cluster, secretless)
    secret_env = [{"name": "KEY", "secretRef": {"name": "any", "key": "key"}}]
    world.usecase("blind", {"name": "web", "secretEnv": secret_env, **IDLE})
    refused = world.wait_condition("blind", "Accepted", "False", "SecretsForbidden", timeout=20)
    assert f"kubectl create rolebinding usecase-operator-secrets --namespace {secretless}" in refused["message"]
    world.usecase("seeing", {"name": "web", **IDLE})
    world.wait_ready("seeing")
    account = f"system:serviceaccount:{home}:usecase-operator"
    with pytest.raises(ClusterError, match="no"):
        cluster.kubectl("auth", "can-i", "get", "secrets", "--namespace", secretless, "--as", account)
    world.kubectl("delete", "usecases", "--all")


def test_a_resource_that_is_made_again_starts_anew(world: World) -> None:
    world.usecase("twice", {"name": "web", **IDLE})
    world.wait_ready("twice")
    first = world.get("deployment", "twice-web")["metadata"]["uid"]
    world.delete("twice")
    world.usecase("twice", {"name": "web", **IDLE})
    world.wait_ready("twice")
    eventually(lambda: world.get("deployment", "twice-web")["metadata"]["uid"] != first, timeout=20, what="a new child")
