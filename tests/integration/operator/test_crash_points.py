"""The operator is killed after each of its writes, in Kubernetes and in the broker: nothing of it shows in the end.

Every fifth write in a normal run, every one in `make soak`. The write has arrived, its answer never does.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cluster.backends import Running
from cluster.fixtures import Cluster
from integration.operator.stage import Stage, stage, task_management
from integration.operator.world import World

NAME = "task-management"
SETTLED = 90.0


@pytest.fixture(scope="module")
def crashing(cluster: Cluster, rabbitmq: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(cluster, rabbitmq, tmp_path_factory.mktemp("crashes")) as made:
        yield made


@dataclass
class Life:
    """One life of the example: created, updated, deleted; each part disturbed or not."""

    stage: Stage
    first: dict[str, Any]
    second: dict[str, Any]

    @property
    def world(self) -> World:
        return self.stage.worlds[0]

    def ready(self) -> bool:
        return bool(self.world.condition(NAME, "Ready").get("status") == "True")

    def gone(self) -> bool:
        return not self.world.exists("usecase", NAME)

    def create(self) -> None:
        self.stage.apply(self.world, NAME, self.first)

    def update(self) -> None:
        self.stage.apply(self.world, NAME, self.second)

    def delete(self) -> None:
        self.world.kubectl("delete", "usecase", NAME, "--wait=false")

    def state(self) -> dict[str, Any]:
        return self.stage.state(self.world, NAME)

    def go(self, act: Callable[[], None], holds: Callable[[], bool], kill_at: int | None, what: str) -> bool:
        """*act*, with a kill after write *kill_at*, until *holds*. Whether the operator was killed."""
        self.stage.writes.arm(kill_at)
        act()
        struck = self.stage.writes.struck
        self.stage.until(lambda: struck.is_set() or holds(), SETTLED, what)
        killed = self.stage.writes.disarm()
        if killed:
            self.stage.operator.stop()
            self.stage.operator.start()
        self.stage.until(holds, SETTLED, f"{what}, killed after write {kill_at}")
        return killed

    def same(self, expected: dict[str, Any]) -> bool:
        found = self.state()
        assert found.keys() == expected.keys()
        for name, each in expected.items():
            assert found[name] == each
        return True


def updated(spec: dict[str, Any]) -> dict[str, Any]:
    """A change of every sort: an image, numbers, a component and a queue that go, one of each that comes."""
    spec = copy.deepcopy(spec)
    parts = {each["name"]: each for each in spec["components"]}
    parts["postgres-data"]["image"] = "usecase.local/postgres-data:next"
    parts["mongo-data"]["scaling"] = {"replicas": 3}
    parts["api"]["scaling"]["max"] = 8
    parts["bot"]["env"] = [{"name": "GREETING", "value": "hello"}]
    audit = copy.deepcopy(parts["analytics-worker"]) | {"name": "audit-worker", "consumes": [{"queue": "audit"}]}
    kept = [each for each in spec["components"] if each["name"] != "analytics-worker"]
    spec["components"] = [*kept, audit]
    queues = spec["messaging"]["queues"]
    spec["messaging"]["queues"] = [*(each for each in queues if each["name"] != "task_analytics"), {"name": "audit"}]
    for each in spec["messaging"]["bindings"]:
        each["queue"] = "audit" if each["queue"] == "task_analytics" else each["queue"]
    return spec


def sweep(crashing: Stage, step: int) -> None:
    first = task_management(crashing.rabbitmq)
    life = Life(crashing, first, updated(first))

    # How it is without a disturbance, and how many writes that takes.
    life.go(life.create, life.ready, None, "created")
    created, writes = life.state(), [crashing.writes.count]
    life.go(life.update, life.ready, None, "updated")
    crashing.until(lambda: "audit" in str(life.state()) and "task_analytics" not in str(life.state()), 60, "updated")
    changed = life.state()
    writes.append(crashing.writes.count)
    life.go(life.delete, life.gone, None, "deleted")
    crashing.until(lambda: life.state() == {}, 30, "nothing left")
    writes.append(crashing.writes.count)

    kills = 0
    for kill_at in range(1, max(writes) + 1, step):
        kills += life.go(life.create, life.ready, kill_at, "created")
        crashing.until(lambda: life.same(created), SETTLED, f"as undisturbed; created, killed after write {kill_at}")
        if kill_at <= writes[1]:
            kills += life.go(life.update, life.ready, kill_at, "updated")
            crashing.until(lambda: life.same(changed), SETTLED, f"as undisturbed; updated, killed after {kill_at}")
        kills += life.go(life.delete, life.gone, kill_at, "deleted")
        crashing.until(lambda: life.state() == {}, 60, f"nothing left; deleted, killed after write {kill_at}")
    print(f"writes: create {writes[0]}, update {writes[1]}, delete {writes[2]}; {kills} kills")
    assert kills >= sum(writes) // step * 0.8, "the kills struck"


def test_a_kill_after_any_write_leaves_no_trace(crashing: Stage) -> None:
    sweep(crashing, 5)


@pytest.mark.soak
def test_a_kill_after_every_write_leaves_no_trace(crashing: Stage) -> None:
    sweep(crashing, 1)
