"""What can't work is refused by the API server, or named by a condition with the field and what to do about it.

Nothing of it makes the operator busy: it waits for a change, and looks again now and then.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from cluster.backends import Running
from cluster.errors import ClusterError
from cluster.polling import eventually
from integration.operator.operator_process import OperatorProcess
from integration.operator.stage import connect
from integration.operator.test_messaging import MESSAGING, WORKER, messaging
from integration.operator.world import World

IDLE = {"scaling": {"replicas": 0}}
WEB = {"name": "web", "kind": "API", "image": "i:1", "http": {"port": 8080}}
# As long as nobody changes anything, this many passes in this many seconds are no loop.
CALM = 10.0
PASSES = 6

Json = dict[str, Any]


def create(world: World, spec: Json) -> None:
    body = {
        "apiVersion": "usecase.dev/v1alpha1",
        "kind": "UseCase",
        "metadata": {"name": "bad", "namespace": world.namespace},
        "spec": spec,
    }
    world.kubectl("create", "--filename", "-", "--output", "name", input=json.dumps(body))


def several(count: int, made: Callable[[int], Any]) -> list[Any]:
    return [made(number) for number in range(count)]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param(
            {"components": [WEB, WEB]}, ["spec.components[1]", "Duplicate value", '"web"'], id="two of a name"
        ),
        pytest.param(
            {"components": several(33, lambda number: {**WEB, "name": f"web{number}"})},
            ["spec.components", "Too many: 33: must have at most 32 items"],
            id="too many components",
        ),
        pytest.param(
            {"components": [{**WEB, "env": several(5000, lambda number: {"name": f"E{number}", "value": "x"})}]},
            ["spec.components[0].env", "Too many: 5000: must have at most 64 items"],
            id="an enormous list",
        ),
        pytest.param(
            {"components": [{**WEB, "kind": "Cron"}]},
            ["spec.components[0].kind", 'Unsupported value: "Cron"', '"Bot"', '"Worker"'],
            id="unknown kind",
        ),
        pytest.param({"components": [{**WEB, "image": ""}]}, ["spec.components[0].image"], id="no image"),
        pytest.param(
            {"components": [{**WEB, "uses": [{"component": "nope", "env": "NOPE"}]}]},
            ["spec.components", "uses.component must name a component", "web -> nope"],
            id="dangling reference",
        ),
        pytest.param({"components": []}, ["spec.components", "at least 1 items"], id="no component"),
    ],
)
def test_the_api_server_refuses_it_by_field(world: World, spec: Json, said: list[str]) -> None:
    with pytest.raises(ClusterError) as refused:
        create(world, spec)
    assert [each for each in said if each not in str(refused.value)] == []


def test_what_is_named_by_a_condition_leaves_the_operator_calm(
    world: World, operator: OperatorProcess, rabbitmq: Running
) -> None:
    """All at once: a circle, an image that no registry could have, Secrets that lack a key."""
    connect(world, rabbitmq)
    world.kubectl("patch", "secret", "rabbitmq-admin", "--type=json", "-p", '[{"op":"remove","path":"/data/password"}]')
    messaging(world, "keyless", WORKER, rabbitmq=rabbitmq, messaging=MESSAGING)
    world.usecase("image", {"name": "web", "image": "No Such//Image!"})
    one = {"name": "one", "uses": [{"component": "two", "env": "TWO"}], **IDLE}
    two = {"name": "two", "uses": [{"component": "one", "env": "ONE"}], **IDLE}
    world.usecase("circle", one, two)
    world.secret("half", other="value")
    world.usecase("half", {"name": "web", "secretEnv": [{"name": "KEY", "secretRef": {"name": "half", "key": "key"}}]})

    keyless = world.wait_condition("keyless", "MessagingReady", "False", "SecretKeyMissing", timeout=20)
    assert "rabbitmq-admin" in keyless["message"]
    assert "password" in keyless["message"]
    world.wait_condition("circle", "Accepted", "False", "DependencyCycle", timeout=20)
    half = world.wait_condition("half", "Accepted", "False", "SecretKeyMissing", timeout=20)
    assert "web: Secret half has no key key" in half["message"]
    image = world.wait_condition("image", "ComponentsReady", "False", "InvalidImageName", timeout=60)
    assert "No Such//Image!" in image["message"]
    # The kubelet says what the condition says, of a pod that was made before its key.
    eventually(
        lambda: world.component("half", "web").get("reason") == "SecretKeyMissing", timeout=60, what="the pod's reason"
    )

    before, until = operator.metric("usecase_reconciles_total"), time.monotonic() + CALM
    eventually(lambda: time.monotonic() > until, timeout=2 * CALM, what="some time")
    assert operator.metric("usecase_reconciles_total") - before <= PASSES
    assert operator.running

    connect(world, rabbitmq)
    world.secret("half", key="value")
    for name in ("keyless", "half"):
        world.wait_ready(name)
