"""From one valid spec to the next: the cluster and the broker are as if the last one had been deployed alone.

Unless the API server refuses the step in words, or a condition names what keeps the broker from being so: each of the
three happens in every walk. Twenty-five steps in a normal run, two hundred in `make soak`, drawn by hypothesis from a
fixed seed. Numbers of pods follow their rule, not the value of a fresh deployment, where an autoscaler decides them.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from cluster import bringup
from cluster.backends import Running
from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from drawn_specs import walk
from integration.operator.snapshot import remove_kept
from integration.operator.stage import PLACED, Stage, infrastructure, stage
from integration.operator.world import World

NAME = "mutant"
SETTLED = 90.0
# The fresh ones take turns in their namespaces, so that nobody waits for a deletion.
FRESH = 3
IMMUTABLE = ("ImmutableQueueChanged", "ImmutableExchangeChanged")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def mutating(cluster: Cluster, rabbitmq: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    bringup.keda()  # as another test may have left it: mode Queue then means the same whoever runs first
    with stage(cluster, rabbitmq, tmp_path_factory.mktemp("mutations"), served=1 + FRESH, keda=True) as made:
        for world in made.worlds:
            world.secret("settings", a="1", b="2", uri="postgresql://elsewhere")
        yield made


def settled(world: World) -> bool:
    """All that the newest generation asks for has happened, or can't."""
    ready = world.condition(NAME, "Ready")
    return ready.get("status") == "True" or ready.get("reason") in ("SuspendedBySpec", *IMMUTABLE)


def by_rule(state: Json, spec: Json) -> Json:
    """*state* without the numbers that an autoscaler decides; they lie within its bounds."""
    for each in spec["components"]:
        scaling, deployment = each["scaling"], state[f"Deployment/{NAME}-{each['name']}"]
        if scaling["mode"] != "Manual":
            number = deployment["spec"].pop("replicas")
            assert spec["suspend"] or scaling["min"] <= number <= scaling["max"], deployment
    return state


def refused(mutating: Stage, world: World, spec: Json) -> bool:
    """Apply *spec*. Whether the API server refused it, naming the field, the cause and what to do instead."""
    try:
        mutating.apply(world, NAME, spec)
    except ClusterError as error:
        said = str(error)
        assert "spec.messaging." in said, said
        assert "immutable in RabbitMQ; declare a new" in said, said
        return True
    return False


def as_fresh(mutating: Stage, mutant: World, spec: Json, expected: Json, before: Json) -> str:
    """How the mutant is as *expected*: "same" or "named". AssertionError while it is neither."""
    told = mutant.condition(NAME, "MessagingReady")
    found = mutating.state(mutant, NAME)
    if told.get("reason") in IMMUTABLE:
        kept = different("queues", found, expected) + different("exchanges", found, expected)
        assert kept
        unnamed = [each for each in kept if each["name"] not in told["message"]]
        assert not unnamed, told["message"]
        return "named"
    kept = dropped("queues", found, expected)
    assert all(f"{each['name']}: " in told["message"] for each in kept), told
    if spec["deletionPolicy"]["messaging"] == "Retain":
        # It keeps everything; of that a condition names what may hold messages.
        for section in ("queues", "exchanges", "bindings", "policies"):
            left = dropped(section, before, expected)
            found[section] = [each for each in found.get(section, ()) if each not in left]
    found = by_rule({name: each for name, each in found.items() if each}, spec)
    assert found.keys() == expected.keys()
    for name, each in expected.items():
        assert found[name] == each
    return "named" if kept else "same"


def different(section: str, found: Json, expected: Json) -> list[Json]:
    """Objects in *section* of the broker that are not as the spec asks; a queue and an exchange may have one name."""
    wanted = {each["name"]: each for each in expected.get(section, ())}
    return [each for each in found.get(section, ()) if each != wanted.get(each["name"], each)]


def dropped(section: str, found: Json, expected: Json) -> list[Json]:
    """Objects in *section* of the broker that the spec does not name any more; a binding's name is all of it."""
    names = {each.get("name", str(each)) for each in expected.get(section, ())}
    return [each for each in found.get(section, ()) if each.get("name", str(each)) not in names]


def campaign(mutating: Stage, steps: int) -> None:
    mutant, *fresh = mutating.worlds
    outcomes: Counter[str] = Counter()
    before: Json = {}
    for number, spec in enumerate(walk(steps, 2, PLACED, infrastructure(mutating.rabbitmq))):
        if refused(mutating, mutant, spec):
            outcomes["refused"] += 1
            continue
        other = fresh[number % FRESH]
        mutating.until(lambda o=other: not o.exists("usecase", NAME), SETTLED, "room for a fresh one")  # type: ignore[misc]
        remove_kept(other, NAME, mutating.rabbitmq)
        mutating.apply(other, NAME, spec)
        mutating.until(lambda o=other: settled(o), SETTLED, f"step {number}, fresh: {spec}")  # type: ignore[misc]
        expected = by_rule(mutating.state(other, NAME), spec)
        mutating.until(lambda: settled(mutant), SETTLED, f"step {number}: {spec}")
        outcomes[
            mutating.until(
                lambda s=spec, e=expected, b=before: as_fresh(mutating, mutant, s, e, b),  # type: ignore[misc]
                SETTLED,
                f"step {number} as deployed anew: {spec}",
            )
        ] += 1
        before = mutating.state(mutant, NAME)
        other.kubectl("delete", "usecase", NAME, "--wait=false")
    print(dict(outcomes))
    assert outcomes.keys() == {"same", "named", "refused"}


def test_after_each_change_all_is_as_if_deployed_anew(mutating: Stage) -> None:
    campaign(mutating, 25)


@pytest.mark.soak
def test_after_each_of_many_changes_all_is_as_if_deployed_anew(mutating: Stage) -> None:
    campaign(mutating, 200)
