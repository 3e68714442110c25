"""The CRD on a real API server: every rule accepts and refuses, and stays inside the cost budget."""

import json
import string
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from cluster.errors import ClusterError
from cluster.fixtures import Cluster
from cluster.polling import eventually
from crd_rules import RULES, Rule, changed
from goldens import without_node_ports
from usecases import CRD, EXAMPLES, ROOT, component, example_body, schema


@pytest.fixture(scope="module")
def crd(cluster: Cluster) -> Cluster:
    """The cluster, serving this CRD: its defaults are how one sees that."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(CRD))
    cluster.kubectl("wait", "--for=condition=Established", "crd/usecases.usecase.dev", "--timeout=30s")
    eventually(lambda: _serves(cluster), timeout=30, what="the API server to serve the CRD")
    return cluster


def _serves(cluster: Cluster) -> bool:
    try:
        _try(cluster, changed({}))
    except ClusterError:
        return False
    return True


def _try(cluster: Cluster, body: Mapping[str, Any], verb: str = "create", namespace: str = "default") -> str:
    options = ("--dry-run=server", "--output=json", "--filename", "-")
    return cluster.kubectl("--namespace", namespace, verb, *options, input=json.dumps(body))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.before is None], ids=lambda rule: rule.title)
def test_the_rule_accepts_and_refuses(crd: Cluster, rule: Rule) -> None:
    assert _try(crd, changed(rule.accepted))
    with pytest.raises(ClusterError) as refused:
        _try(crd, changed(rule.refused))
    assert rule.said in str(refused.value)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.before is not None], ids=lambda rule: rule.title)
def test_the_rule_about_updates_accepts_and_refuses(crd: Cluster, rule: Rule, namespace: str) -> None:
    crd.kubectl("--namespace", namespace, "create", "--filename", "-", input=json.dumps(changed(rule.before or {})))
    try:
        assert _try(crd, changed(rule.accepted), "replace", namespace)
        with pytest.raises(ClusterError) as refused:
            _try(crd, changed(rule.refused), "replace", namespace)
        assert rule.said in str(refused.value)
    finally:
        crd.kubectl("--namespace", namespace, "delete", "usecase", "--all", "--wait=false")


# From what the operator takes by itself, between the three, and back.
HEALTH = ["-", "tcp", "-", "exec", "http", "tcp"]
CHOICES: dict[str, dict[str, Any]] = {
    "-": {},
    "tcp": {"health": {"tcp": {"port": 9000}}},
    "exec": {"health": {"exec": {"liveness": ["true"], "readiness": ["true"]}}},
    "http": {"health": {"http": {"livenessPath": "/alive"}}},
}


@pytest.mark.parametrize("apply", [("apply",), ("apply", "--server-side")], ids=["client-side", "server-side"])
def test_another_choice_of_health_replaces_the_one_before(crd: Cluster, namespace: str, apply: tuple[str, ...]) -> None:
    seen = []
    for choice in HEALTH:
        body = {
            "apiVersion": "usecase.dev/v1alpha1",
            "kind": "UseCase",
            "metadata": {"name": "chooses"},
            "spec": {"components": [component("api", **CHOICES[choice])]},
        }
        shown = crd.kubectl(
            "--namespace", namespace, *apply, "--output=json", "--filename", "-", input=json.dumps(body)
        )
        seen.append("".join(json.loads(shown)["spec"]["components"][0].get("health", "-")))
    crd.kubectl("--namespace", namespace, "delete", "usecase", "--all", "--wait=false")
    assert seen == HEALTH


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_accepted(crd: Cluster, name: str) -> None:
    found = json.loads(_try(crd, example_body(name)))

    assert found["status"] == {"observedGeneration": -1}


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_rendered_is_accepted(crd: Cluster, name: str) -> None:
    """Without KEDA's kinds, which this test does not need a cluster to have."""
    golden = ROOT / "tests/unit/operator/golden" / f"{name}.yaml"
    found = [each for each in yaml.safe_load_all(golden.read_text()) if "keda.sh" not in each["apiVersion"]]
    without_node_ports(found)
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": found})

    printed = crd.kubectl("apply", "--server-side", "--dry-run=server", "--filename", "-", input=body)
    assert len(printed.splitlines()) == len(found)


def test_misspelt_fields_are_refused(crd: Cluster) -> None:
    body = changed({"spec.suspnd": True})

    with pytest.raises(ClusterError, match=r'unknown field "spec.suspnd"'):
        crd.kubectl("create", "--dry-run=server", "--validate=strict", "--filename", "-", input=json.dumps(body))


def test_the_largest_use_case_stays_inside_the_cost_budget(crd: Cluster) -> None:
    """Every list is full and every name as long as may be: each rule has as much to do as it ever can."""
    found = json.loads(_try(crd, largest()))

    assert len(found["spec"]["components"]) == 32


def test_the_largest_use_case_is_still_told_what_is_wrong(crd: Cluster) -> None:
    """Messages are computed too, and have a budget of their own: beyond it the plain message is left, without names."""
    body = largest()
    for each in body["spec"]["components"]:
        for consumed in each["consumes"]:
            consumed["queue"] = "x" + consumed["queue"][1:]

    with pytest.raises(ClusterError, match=r"consumes\.queue must name an entry of messaging\.queues"):
        _try(crd, body)


# The largest


def _bound(*path: str) -> int:
    """`maxItems` of the list at *path* in the spec; "[]" steps into items."""
    node: Any = schema()["properties"]["spec"]
    for part in path:
        node = node["items"] if part == "[]" else node["properties"][part]
    found: int = node["maxItems"]
    return found


def _name(prefix: str, number: int, length: int) -> str:
    """Names that differ in their last letters only are the dearest to compare."""
    tail = string.ascii_lowercase[number // 26] + string.ascii_lowercase[number % 26]
    return prefix + "n" * (length - len(prefix) - 2) + tail


def largest() -> dict[str, Any]:
    stores = [_name("s", n, 40) for n in range(_bound("infrastructure", "stores"))]
    exchanges = [_name("e", n, 128) for n in range(_bound("messaging", "exchanges"))]
    queues = [_name("q", n, 128) for n in range(_bound("messaging", "queues"))]
    components = [_name("c", n, 40) for n in range(_bound("components"))]
    return {
        "apiVersion": "usecase.dev/v1alpha1",
        "kind": "UseCase",
        "metadata": {"name": "largest"},
        "spec": {
            "defaults": {"env": _plain_env("D", _bound("defaults", "env"))},
            "infrastructure": {
                "rabbitmq": {"connectionSecretRef": {"name": "b"}, "reach": {"namespace": "b"}},
                "stores": [
                    {"name": each, "type": "Cache", "port": 1, "secretRef": {"name": "s"}, "reach": {"namespace": "s"}}
                    for each in stores
                ],
            },
            "messaging": {
                "exchanges": [{"name": each} for each in exchanges],
                "queues": [{"name": each} for each in queues],
                "bindings": [
                    {
                        "exchange": exchanges[-1 - n % 2],
                        "queue": queues[-1 - n // 2],
                        "routingKey": _name("k", n, 255),
                    }
                    for n in range(_bound("messaging", "bindings"))
                ],
            },
            "components": [_largest_component(each, components, stores, exchanges, queues) for each in components],
        },
    }


def _plain_env(prefix: str, count: int) -> list[dict[str, str]]:
    return [{"name": _name(prefix, number, 64), "value": "v"} for number in range(count)]


def _largest_component(
    name: str, components: list[str], stores: list[str], exchanges: list[str], queues: list[str]
) -> dict[str, Any]:
    half = _bound("components", "[]", "uses") // 2
    others = [each for each in components if each != name][-half:]
    return {
        "name": name,
        "kind": "API",
        "image": _name("i", 0, 512),
        "http": {"port": 8000},
        "env": _plain_env("E", _bound("components", "[]", "env")),
        "secretEnv": [
            {"name": _name("S", number, 64), "secretRef": {"name": "s", "key": "k"}}
            for number in range(_bound("components", "[]", "secretEnv"))
        ],
        "uses": [
            *({"env": _name("U", n, 64), "component": each} for n, each in enumerate(others)),
            *({"env": _name("V", n, 64), "store": each} for n, each in enumerate(stores[-half:])),
        ],
        "consumes": [{"queue": each} for each in queues[-_bound("components", "[]", "consumes") :]],
        "publishes": [{"exchange": each} for each in exchanges[-_bound("components", "[]", "publishes") :]],
    }
