"""Who reaches which backend, and where."""

from collections.abc import Iterator

import pytest

from unit.charts.rendered import BACKENDS, BACKENDS_ALONE, CHART, PORTS, Manifest, Render, one, pod

EDGES = {
    "postgres": ["postgres-data"],
    "mongodb": ["mongo-data"],
    "redis": ["api"],
    "rabbitmq": ["analytics-worker", "bot", "postgres-data", "reminder-worker"],
}


def rules(policy: Manifest) -> Iterator[tuple[list[int], list[Manifest]]]:
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    for rule in policy["spec"]["ingress"]:
        yield [port["port"] for port in rule["ports"]], rule["from"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_admits_the_components_that_use_it(default: list[Manifest], backend: str) -> None:
    ports, peers = next(rules(one(default, "NetworkPolicy", backend)))
    assert ports == PORTS[backend][:1]
    assert peers == [
        {
            "podSelector": {
                "matchLabels": {"app.kubernetes.io/instance": "demo"},
                "matchExpressions": [
                    {"key": "app.kubernetes.io/component", "operator": "In", "values": EDGES[backend]}
                ],
            }
        }
    ]


def test_rabbitmq_admits_the_components_that_are_added(render: Render) -> None:
    added = [
        {"name": "audit", "consumes": [{"queue": "task_audit"}]},
        {"name": "teller", "publishes": [{"exchange": "task_events"}]},
        {"name": "page", "uses": [{"component": "api"}]},
    ]
    values = {"useCase": {"extraComponents": added}, "networkPolicy": {"extraComponents": ["audit", "exporter"]}}
    manifests = render(CHART, values)
    (ports, (peer,)), *others = rules(one(manifests, "NetworkPolicy", "rabbitmq"))
    (admitted,) = peer["podSelector"]["matchExpressions"]
    assert (ports, admitted["values"]) == ([5672], [*EDGES["rabbitmq"], "audit", "exporter", "teller"])
    assert [ports for ports, _ in others] == [[15672]]


@pytest.mark.parametrize("backend", ["postgres", "mongodb", "redis"])
def test_a_store_admits_the_components_that_are_added_and_use_it(render: Render, backend: str) -> None:
    added = [
        {"name": "reports", "uses": [{"store": backend, "env": "URL"}, {"component": "api", "env": "API"}]},
        {"name": "page", "uses": [{"component": "api", "env": "API"}]},
    ]
    manifests = render(CHART, {"useCase": {"extraComponents": added}})
    (_, (peer,)), *_ = rules(one(manifests, "NetworkPolicy", backend))
    (admitted,) = peer["podSelector"]["matchExpressions"]
    assert admitted["values"] == [*EDGES[backend], "reports"]


def test_the_management_port_is_for_the_operator_and_keda(default: list[Manifest]) -> None:
    admitted = list(rules(one(default, "NetworkPolicy", "rabbitmq")))
    assert len(admitted) == 2
    ports, peers = admitted[1]
    namespaces = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in peers]
    assert (ports, namespaces) == ([15672], ["usecase-system", "keda"])
    assert all(peer["podSelector"]["matchLabels"] for peer in peers)


def test_the_management_port_follows_the_operator(render: Render) -> None:
    manifests = render(
        CHART, {**BACKENDS_ALONE, "operator": {"namespace": "ops"}, "networkPolicy": {"managementFrom": []}}
    )
    _, (ports, peers) = rules(one(manifests, "NetworkPolicy", "rabbitmq"))
    assert ports == [15672]
    assert peers == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ops"}},
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "usecase-operator"}},
        }
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_others_are_admitted_by_name_and_to_the_servers_ports_only(render: Render, backend: str) -> None:
    visitor = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "visitors"}}}
    manifests = render(CHART, {"networkPolicy": {"extraFrom": [visitor]}})
    *_, (ports, peers) = rules(one(manifests, "NetworkPolicy", backend))
    assert (ports, peers) == (PORTS[backend], [visitor])


def test_policies_can_be_left_out(render: Render, default: list[Manifest]) -> None:
    manifests = render(CHART, {**BACKENDS_ALONE, "networkPolicy": {"enabled": False}})
    assert {m["kind"] for m in default} - {m["kind"] for m in manifests} == {"NetworkPolicy"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_service_offers_the_ports_of_the_container(default: list[Manifest], backend: str) -> None:
    offered = one(default, "Service", backend)["spec"]["ports"]
    listening = {p["name"]: p["containerPort"] for p in pod(default, backend)["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"]: port["port"] for port in offered} == listening
    assert list(listening.values()) == PORTS[backend]
