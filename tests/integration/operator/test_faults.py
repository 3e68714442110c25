"""Everything goes wrong on the way to the API server and to the broker, for a while: then all is as it should be."""

import copy
import time
from collections.abc import Iterator

import pytest

from cluster.backends import Running
from cluster.fixtures import Cluster
from integration.operator.stage import PLACED, Stage, stage, task_management
from usecase_operator.cluster.roll_call import SOON

NAME = "task-management"
CONVERGED = 30.0
# A watch that stalled at the beginning is given up after 75 s: 15 s before `CONVERGED` has passed since the end.
TROUBLE = 60.0
WEB = {"name": "web", "kind": "API", "image": "any", "http": {"port": 8080}, "podTemplate": PLACED}
KINDS = {
    *("409", "429", "500", "lost request", "lost answer"),
    *("dropped event", "stale event", "expired"),
}


@pytest.fixture(scope="module")
def faulty(cluster: Cluster, rabbitmq: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(cluster, rabbitmq, tmp_path_factory.mktemp("faults")) as made:
        yield made


def test_it_converges_within_thirty_seconds_after_the_faults_stop(faulty: Stage) -> None:
    (world,) = faulty.worlds
    wanted = task_management(faulty.rabbitmq)
    faulty.apply(world, NAME, wanted)
    world.wait_ready(NAME)
    expected = faulty.state(world, NAME)

    other = copy.deepcopy(wanted)
    other["components"] = [each for each in other["components"] if each["name"] != "bot"]
    other["components"][0]["env"] = [{"name": "ROUND", "value": "1"}]

    faulty.faults.active = True
    assert faulty.kube.stall_watches() >= 8
    began, met = time.monotonic(), faulty.faults.spoiled

    def more_than(seen: int) -> bool:
        faulty.bring_back()
        return sum(met.values()) > seen

    for change in (
        lambda: faulty.apply(world, NAME, other),
        lambda: world.kubectl("delete", "service", f"{NAME}-api"),
        lambda: world.kubectl("label", "networkpolicy", f"{NAME}-api", "app.kubernetes.io/part-of=x", "--overwrite"),
        lambda: faulty.apply(world, NAME, wanted),
        lambda: world.kubectl("delete", "deployment", f"{NAME}-mongo-data"),
    ):
        change()
        seen = sum(met.values()) + 10
        faulty.until(lambda seen=seen: more_than(seen), 60, "faults")  # type: ignore[misc]
    faulty.until(
        lambda: more_than(0) and time.monotonic() - began >= TROUBLE and met.keys() == KINDS,
        4 * TROUBLE,
        "every kind of fault",
    )
    faulty.faults.active = False
    ended = time.monotonic()

    def as_before() -> bool:
        faulty.bring_back()
        found = faulty.state(world, NAME)
        assert found.keys() == expected.keys()
        for name, each in expected.items():
            assert found[name] == each
        return bool(world.condition(NAME, "Ready").get("status") == "True")

    faulty.until(as_before, CONVERGED, "everything as it was")
    print(f"converged {time.monotonic() - ended:.1f} s after {faulty.faults.spoiled}; {faulty.brought_back} restarts")


def test_a_question_that_gets_lost_at_the_start_holds_nobody_up(faulty: Stage) -> None:
    """Of each kind that is asked before the first watch, by us and by kopf; sooner than a roll call would tell."""
    (world,) = faulty.worlds
    faulty.operator.stop()
    faulty.apply(world, "late", {"components": [WEB]})
    faulty.faults.losing |= {"/apis", "/apis/usecase.dev/v1alpha1"}
    faulty.operator.start()
    faulty.until(lambda: world.condition("late", "Accepted"), SOON - 10, "a status")
    assert not faulty.faults.losing
