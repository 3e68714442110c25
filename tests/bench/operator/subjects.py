"""What is measured: six idle components for rates, three with messaging on KWOK nodes for latencies, one for counts."""

import copy
from typing import Any

import orjson

from bench.operator.floor_applies import Apply
from integration.operator.stage import PLACED
from usecase_operator.cluster.resources import path
from usecase_operator.metadata import MANAGER, Manifest
from usecase_operator.model import parse
from usecase_operator.offline import admitted
from usecase_operator.render import Given, render
from usecase_operator.replicas import creation
from usecases import schema

Json = dict[str, Any]
IMAGE = "usecase.local/echo:dev"
COMPONENTS = 6


def idle(namespace: str, name: str) -> Json:
    """Six components in a row, each using the next, without pods, broker and gates.

    Behind a gate a Deployment is applied when the controller manager has come to the one before, which is its speed: a
    script that waits for nothing is no floor for that.
    """
    return _usecase(namespace, name, {"components": [_idle(number) for number in range(COMPONENTS)]})


def talking(namespace: str, name: str, broker: Json) -> Json:
    """An API that publishes, a worker that consumes, a data service between them; all with pods. One is seeded."""
    events = {"exchange": "events"}
    parts = [
        {"name": "data", "kind": "DataService", "image": IMAGE, "http": {"port": 8080}, "scaling": {"replicas": 2}},
        {
            "name": "web",
            "kind": "API",
            "image": IMAGE,
            "http": {"port": 8080},
            "uses": [{"component": "data", "env": "DATA"}],
            "publishes": [events],
        },
        {"name": "worker", "kind": "Worker", "image": IMAGE, "consumes": [{"queue": "orders"}]},
    ]
    messaging = {
        "exchanges": [{"name": "events"}],
        "queues": [{"name": "orders"}],
        "bindings": [{**events, "queue": "orders", "routingKey": "#"}],
    }
    spec = {
        "components": [{**each, "podTemplate": PLACED} for each in parts],
        "infrastructure": {"rabbitmq": broker},
        "messaging": messaging,
    }
    return _usecase(namespace, name, spec)


def listening(namespace: str, name: str, broker: Json) -> Json:
    """A worker without pods: the least that has messaging."""
    worker = {"name": "worker", "kind": "Worker", "image": IMAGE, "consumes": [{"queue": "orders"}]}
    spec = {
        "components": [{**worker, "scaling": {"replicas": 0}}],
        "infrastructure": {"rabbitmq": broker},
        "messaging": {"queues": [{"name": "orders"}]},
    }
    return _usecase(namespace, name, spec)


def allowed(usecase: Json) -> int:
    """Writes that *usecase*, which needs no broker, may cost from its creation until it is Ready."""
    seeded = [each for each in usecase["spec"]["components"] if each.get("scaling", {}).get("replicas", 1) != 1]
    return len(_rendered(usecase)) + 2 * len(seeded) + 8


def applies(usecase: Json, owner: Json) -> list[Apply]:
    """What the operator would send for *usecase*, with *owner* in place of the UseCase, which is not there."""
    body = copy.deepcopy(usecase)
    body["metadata"]["uid"] = owner["metadata"]["uid"]
    found: list[Apply] = []
    for manifest in _rendered(body):
        reference = manifest["metadata"]["ownerReferences"][0]
        reference |= {"apiVersion": "v1", "kind": owner["kind"], "name": owner["metadata"]["name"]}
        where = path(manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        if manifest["kind"] == "Deployment":
            steps = creation(manifest, 0)
            found += [(where, each.manager, each.force, orjson.dumps(each.body)) for each in steps]
        else:
            found.append((where, MANAGER, True, orjson.dumps(manifest)))
    return found


def _rendered(usecase: Json) -> list[Manifest]:
    return render(parse(admitted(usecase, schema())), Given({}, None, {}, True))


def _idle(number: int) -> Json:
    uses = [{"component": f"c{number + 1}", "env": "NEXT", "gate": "None"}] if number + 1 < COMPONENTS else []
    made: Json = {"name": f"c{number}", "kind": "API" if number < 4 else "DataService", "image": IMAGE}
    return {**made, "http": {"port": 8080}, "uses": uses, "scaling": {"replicas": 0}}


def _usecase(namespace: str, name: str, spec: Json) -> Json:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "usecase.dev/v1alpha1", "kind": "UseCase", "metadata": metadata, "spec": spec}
