"""From one valid spec to the next: the cluster and the broker are as if the last one had been deployed alone.

Twenty-five steps in a normal run, two hundred in `make soak`, drawn by hypothesis from a fixed seed. Numbers of pods
follow their rule, not the value of a fresh deployment, where an autoscaler decides them.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from cluster.backends import Running
from cluster.fixtures import Cluster
from drawn_specs import drawn
from integration.operator.stage import PLACED, Stage, infrastructure, stage
from integration.operator.world import World

NAME = "mutant"
SETTLED = 90.0
# The fresh ones take turns in their namespaces, so that nobody waits for a deletion.
FRESH = 3


@pytest.fixture(scope="module")
def mutating(cluster: Cluster, rabbitmq: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(cluster, rabbitmq, tmp_path_factory.mktemp("mutations"), served=1 + FRESH) as made:
        for world in made.worlds:
            world.secret("settings", a="1", b="2", uri="postgresql://elsewhere")
        yield made


def settled(world: World) -> bool:
    """All that the newest generation asks for has happened."""
    ready = world.condition(NAME, "Ready")
    return ready.get("status") == "True" or ready.get("reason") == "SuspendedBySpec"


def by_rule(state: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """*state* without the numbers that an autoscaler decides; they lie within its bounds."""
    for each in spec["components"]:
        scaling, deployment = each["scaling"], state[f"Deployment/{NAME}-{each['name']}"]
        if scaling["mode"] == "CPU":
            number = deployment["spec"].pop("replicas")
            assert spec["suspend"] or scaling["min"] <= number <= scaling["max"], deployment
    return state


def campaign(mutating: Stage, steps: int) -> None:
    mutant, *fresh = mutating.worlds
    for number, spec in enumerate(drawn(steps, 5, PLACED, infrastructure(mutating.rabbitmq))):
        other = fresh[number % FRESH]
        mutating.until(lambda o=other: not o.exists("usecase", NAME), SETTLED, "room for a fresh one")  # type: ignore[misc]
        mutating.apply(mutant, NAME, spec)
        mutating.apply(other, NAME, spec)
        mutating.until(lambda o=other: settled(o), SETTLED, f"step {number}, fresh: {spec}")  # type: ignore[misc]
        expected = by_rule(mutating.state(other, NAME), spec)
        mutating.until(lambda: settled(mutant), SETTLED, f"step {number}: {spec}")

        def same(expected: dict[str, Any] = expected, spec: dict[str, Any] = spec) -> bool:
            found = by_rule(mutating.state(mutant, NAME), spec)
            assert found.keys() == expected.keys()
            for name, each in expected.items():
                assert found[name] == each
            return True

        mutating.until(same, SETTLED, f"step {number} as deployed anew: {spec}")
        other.kubectl("delete", "usecase", NAME, "--wait=false")


@pytest.mark.soak
def test_after_each_change_all_is_as_if_deployed_anew(mutating: Stage) -> None:
    campaign(mutating, 25)


@pytest.mark.soak
def test_after_each_of_many_changes_all_is_as_if_deployed_anew(mutating: Stage) -> None:
    campaign(mutating, 200)
