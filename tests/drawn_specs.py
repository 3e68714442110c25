"""Valid specs drawn by hypothesis: every field that shapes a child or the broker, in any combination.

Names come from small pools, so that two specs share some of their parts and a step from one to the next adds, changes
and drops. What RabbitMQ can't change (types and arguments) is the same in all that are drawn; `obstinate` asks for
changes of it. Unit tests render specs, the mutation campaign walks from one to the next.
"""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

COMPONENTS = ("alpha", "beta", "gamma", "delta", "epsilon")
QUEUES = ("orders", "mails", "audits")
# Names only: KWOK runs no image.
IMAGES = ("usecase.local/echo:dev", "usecase.local/echo:next")

Json = dict[str, Any]


def drawn(count: int, start: int, placed: Mapping[str, Any], broker: Mapping[str, Any]) -> list[Json]:
    """*count* specs, always the same for one *start*. *placed*: the podTemplate of every component.

    Drawn in a process of its own: hypothesis also draws from the constants of the sources that are loaded, and which
    those are depends on the tests that run.
    """
    asked = json.dumps([count, start, placed, broker])
    drawing = subprocess.run([sys.executable, __file__], input=asked, stdout=subprocess.PIPE, text=True, check=True)
    found: list[Json] = json.loads(drawing.stdout)
    return found


def _drawn_here(count: int, start: int, placed: Mapping[str, Any], broker: Mapping[str, Any]) -> list[Json]:
    found: list[Json] = []

    @seed(start)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(specs(placed, broker))
    def collect(spec: Json) -> None:
        found.append(spec)

    collect()
    return found


def walk(count: int, start: int, placed: Mapping[str, Any], broker: Mapping[str, Any]) -> Iterator[Json]:
    """As `drawn`, with the steps of `obstinate` after every twentieth spec that has messaging."""
    found: list[Json] = []
    messages = 0
    for spec in drawn(count, start, placed, broker):
        found.append(spec)
        if "messaging" in spec:
            messages += 1
            found += obstinate(spec) if messages % 20 == 1 else []
    yield from found[:count]


def obstinate(spec: Json) -> list[Json]:
    """From *spec*, which has messaging: a queue that is kept when it goes, comes back with another argument and goes
    for good, and an exchange that shall have another type.
    """
    ledger = {"name": "ledger", "retry": {"maxTries": 1, "delaySeconds": 1}}
    single = {**ledger, "singleActiveConsumer": True}
    other = _changed(spec, "Delete")
    other["messaging"]["exchanges"][0]["type"] = "fanout"
    return [
        _changed(spec, "Retain", ledger),
        _changed(spec, "Retain"),
        _changed(spec, "Retain", single),
        _changed(spec, "Delete"),
        other,
    ]


def _changed(spec: Json, policy: str, *queues: Json) -> Json:
    made = copy.deepcopy(spec)
    made["deletionPolicy"]["messaging"] = policy
    made["messaging"]["queues"] += queues
    return made


@st.composite
def specs(draw: st.DrawFn, placed: Mapping[str, Any], broker: Mapping[str, Any]) -> Json:
    exchanges = draw(st.sampled_from([["events"], ["events", "alerts"], []]))
    queues = draw(st.lists(st.sampled_from(QUEUES), unique=True, min_size=1)) if exchanges else []
    names = draw(st.lists(st.sampled_from(COMPONENTS), unique=True, min_size=2))
    made: list[Json] = []
    for name in names:
        made.append(draw(components(name, made, exchanges, queues)) | {"podTemplate": dict(placed)})
    spec: Json = {
        "components": draw(st.permutations(made)),
        # Without messaging nothing in the spec, and so no condition, would name what was kept.
        "deletionPolicy": {"messaging": draw(POLICIES) if exchanges else "Delete"},
        "isolation": {"networkPolicy": draw(st.sampled_from(["Enforce", "Enforce", "Off"]))},
        "suspend": draw(st.integers(0, 9)) == 7,
        "infrastructure": {"stores": [STORE]},
    }
    if draw(st.booleans()):
        spec["defaults"] = {"env": [{"name": "SHARED", "value": draw(WORDS)}]}
    if exchanges:
        spec["infrastructure"]["rabbitmq"] = dict(broker)
        spec["messaging"] = draw(messaging(exchanges, queues))
    return spec


@st.composite
def messaging(draw: st.DrawFn, exchanges: list[str], queues: list[str]) -> Json:
    pairs = [(exchange, queue) for exchange in exchanges for queue in queues]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return {
        "exchanges": [{"name": each} for each in exchanges],
        "queues": [
            {"name": each, "retry": {"maxTries": draw(st.integers(1, 5)), "delaySeconds": draw(st.integers(1, 60))}}
            | ({"messageTtlSeconds": draw(st.integers(60, 600))} if draw(st.booleans()) else {})
            | ({"maxMessages": draw(st.integers(1, 1000))} if draw(st.booleans()) else {})
            for each in queues
        ],
        "bindings": [
            {"exchange": exchange, "queue": queue, "routingKey": draw(st.sampled_from(["#", "a.*"]))}
            for exchange, queue in chosen
        ],
    }


@st.composite
def components(draw: st.DrawFn, name: str, before: list[Json], exchanges: list[str], queues: list[str]) -> Json:
    kind = draw(st.sampled_from(["API", "DataService", "Bot", *(["Worker"] if queues else [])]))
    made: Json = {"name": name, "kind": kind, "image": draw(st.sampled_from(IMAGES))}
    served = [each["name"] for each in before if "http" in each]
    uses = draw(st.lists(st.sampled_from(served), unique=True)) if served else []
    made["uses"] = [{"component": each, "env": f"URL_{each.upper()}"} for each in uses]
    for edge in made["uses"]:
        if draw(st.booleans()):
            edge["gate"] = draw(st.sampled_from(["Ready", "None"]))
    if kind == "DataService" and draw(st.booleans()):
        made["uses"].append({"store": STORE["name"], "env": "DATABASE_URL"})
    if kind in ("API", "DataService"):
        made["http"] = {"port": draw(st.integers(8000, 8003))}
    if kind == "API" and draw(st.booleans()):
        made["expose"] = {"ingress": {"host": f"{name}.example.com", "path": draw(st.sampled_from(["/", "/v1"]))}}
        if draw(st.booleans()):
            made["expose"]["ingress"]["annotations"] = {"example.com/team": draw(st.sampled_from(["a", "b"]))}
    if exchanges and kind != "Bot":
        made["publishes"] = [{"exchange": each} for each in draw(st.lists(st.sampled_from(exchanges), unique=True))]
    if queues and kind in ("Worker", "Bot"):
        read = draw(st.lists(st.sampled_from(queues), unique=True, min_size=1))
        made["consumes"] = [{"queue": each, "maxProcessingSeconds": draw(st.integers(1, 90))} for each in read]
    if draw(st.booleans()):
        made["env"] = [{"name": each, "value": draw(WORDS)} for each in sorted(draw(SOME))]
    if draw(st.booleans()):
        made["secretEnv"] = [{"name": "KEY", "secretRef": {"name": "settings", "key": draw(st.sampled_from("ab"))}}]
    if draw(st.booleans()):
        made["egress"] = [{"cidrs": ["192.0.2.0/24"], "ports": [draw(st.integers(1, 3))], "reason": draw(WORDS)}]
    if draw(st.booleans()):
        made["resources"] = {"requests": {"memory": f"{draw(st.integers(1, 3))}Mi"}}
    if draw(st.booleans()):
        made["health"] = draw(st.sampled_from(HEALTH))
    made["scaling"] = draw(scaling(kind, [each["queue"] for each in made.get("consumes", ())]))
    return {key: value for key, value in made.items() if value != []}


def scaling(kind: str, queues: list[str]) -> st.SearchStrategy[Json]:
    numbers = st.integers(0, 1 if kind == "Bot" else 3).map(lambda each: {"mode": "Manual", "replicas": each})
    if kind == "Bot":
        return numbers
    by_cpu = st.integers(1, 2).map(lambda each: {"mode": "CPU", "min": each, "max": 4})
    if kind != "Worker":
        return numbers | by_cpu
    queue = st.fixed_dictionaries({"name": st.sampled_from(queues), "messagesPerReplica": st.integers(1, 9)})
    by_queue = st.fixed_dictionaries({"mode": st.just("Queue"), "min": st.integers(0, 2), "queue": queue})
    return numbers | by_cpu | by_queue.map(lambda each: {**each, "max": 4})


POLICIES = st.sampled_from(["Delete", "Delete", "DeleteIfEmpty", "Retain"])
WORDS = st.sampled_from(["red", "green", "blue"])
SOME = st.sets(st.sampled_from(["ONE", "TWO"]))
HEALTH = ({"tcp": {"port": 9090}}, {"exec": {"liveness": ["true"], "readiness": ["true"]}})
STORE = {
    "name": "db",
    "type": "PostgreSQL",
    "port": 5432,
    "secretRef": {"name": "settings"},
    "reach": {"cidrs": ["10.0.0.0/8"]},
}


if __name__ == "__main__":
    json.dump(_drawn_here(*json.load(sys.stdin)), sys.stdout)
