"""Isolation: what is declared is open on both sides, everything else is closed on both."""

from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator.metadata import COMPONENT, Manifest
from usecase_operator.model import UseCase
from usecase_operator.render import Given, render
from usecases import EXAMPLES, STORE, component, example, make_usecase

Edge = tuple[str, str, int]


def policies(usecase: UseCase, **known: Any) -> dict[str, Manifest]:
    found = [each for each in render(usecase, Given(**known)) if each["kind"] == "NetworkPolicy"]
    return {each["metadata"]["labels"][COMPONENT]: each["spec"] for each in found}


def rules(spec: dict[str, Any], direction: str) -> list[tuple[dict[str, Any], int]]:
    """Every (peer, port) that a policy opens."""
    peers = "to" if direction == "egress" else "from"
    return [
        (peer, port["port"])
        for rule in spec[direction]
        for peer in rule.get(peers, [{}])
        for port in rule.get("ports", [{"port": 0}])
    ]


def component_of(peer: dict[str, Any]) -> str | None:
    if "namespaceSelector" in peer:
        return None
    found: str | None = peer.get("podSelector", {}).get("matchLabels", {}).get(COMPONENT)
    return found


def opened(usecase: UseCase) -> tuple[Counter[Edge], Counter[Edge]]:
    """(source, target, port) of every way out, and of every way in, between components."""
    ways_out: Counter[Edge] = Counter()
    ways_in: Counter[Edge] = Counter()
    for name, spec in policies(usecase).items():
        ways_out.update((name, to, port) for peer, port in rules(spec, "egress") if (to := component_of(peer)))
        ways_in.update((of, name, port) for peer, port in rules(spec, "ingress") if (of := component_of(peer)))
    return ways_out, ways_in


def declared(usecase: UseCase) -> set[Edge]:
    ports = {each.name: each.http.port for each in usecase.spec.components if each.http}
    return {
        (each.name, use.component, ports[use.component])
        for each in usecase.spec.components
        for use in each.uses
        if use.component
    }


NAMES = ["a", "b", "c", "d", "e"]
pairs = st.sets(st.sampled_from(list(permutations(NAMES, 2))))


@given(pairs=pairs, twice=st.booleans(), exposed=st.sampled_from([*NAMES, None]))
def test_every_edge_opens_exactly_one_way_out_and_one_way_in(
    pairs: set[tuple[str, str]], twice: bool, exposed: str | None
) -> None:
    made = []
    for number, name in enumerate(NAMES):
        targets = sorted(target for source, target in pairs if source == name) * (2 if twice else 1)
        uses = [{"component": target, "env": f"URL_{index}"} for index, target in enumerate(targets)]
        extra = {"expose": {"nodePort": 30080}} if name == exposed else {}
        made.append(component(name, http={"port": 8000 + number}, uses=uses, **extra))
    usecase = make_usecase(*made)

    once = Counter(dict.fromkeys(declared(usecase), 1))
    assert opened(usecase) == (once, once)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_open_where_they_say(name: str) -> None:
    usecase = example(name)
    once = Counter(dict.fromkeys(declared(usecase), 1))

    assert opened(usecase) == (once, once)


def test_all_that_is_not_named_is_denied() -> None:
    for spec in policies(make_usecase(component("api"), component("worker", "Worker"))).values():
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["ingress"] == []


def test_names_can_be_looked_up() -> None:
    spec = policies(make_usecase(component("bot", "Bot")))["bot"]

    assert spec["egress"] == [
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                },
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "node-local-dns"}},
                },
                {"ipBlock": {"cidr": "169.254.20.10/32"}},
                {"ipBlock": {"cidr": "169.254.169.254/32"}},
            ],
            "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
        }
    ]


def test_the_nameservers_of_pods_can_be_asked_by_their_addresses() -> None:
    """NodeLocal DNSCache takes the Service's address on each node: such a packet goes to no pod."""
    dns = ("10.96.0.10", "fd00::a", "169.254.20.10")
    usecase = make_usecase(component("bot", "Bot"))
    (usual,), (rule,) = policies(usecase)["bot"]["egress"], policies(usecase, dns=dns)["bot"]["egress"]

    added = [{"ipBlock": {"cidr": "10.96.0.10/32"}}, {"ipBlock": {"cidr": "fd00::a/128"}}]
    assert rule == {**usual, "to": [*usual["to"], *added]}


@pytest.mark.parametrize(
    ("reach", "peers"),
    [
        pytest.param(
            {"podLabels": {"app": "pg"}}, [{"podSelector": {"matchLabels": {"app": "pg"}}}], id="own-namespace"
        ),
        pytest.param(
            {"namespace": "data"},
            [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}],
            id="whole-namespace",
        ),
        pytest.param(
            {"namespace": "data", "podLabels": {"app": "pg"}},
            [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}},
                    "podSelector": {"matchLabels": {"app": "pg"}},
                }
            ],
            id="pods-of-a-namespace",
        ),
        pytest.param(
            {"cidrs": ["10.0.0.0/8", "fd00::/8"]},
            [{"ipBlock": {"cidr": "10.0.0.0/8"}}, {"ipBlock": {"cidr": "fd00::/8"}}],
            id="addresses",
        ),
    ],
)
def test_a_store_is_reached_where_it_says(reach: dict[str, Any], peers: list[dict[str, Any]]) -> None:
    data = component("data", "DataService", uses=[{"store": "postgres", "env": "DATABASE_URL"}])
    usecase = make_usecase(data, infrastructure={"stores": [{**STORE, "reach": reach}]}, messaging={})

    assert policies(usecase)["data"]["egress"][1:] == [{"to": peers, "ports": [{"protocol": "TCP", "port": 5432}]}]


def test_the_broker_is_reached_by_those_with_an_edge_to_it() -> None:
    found = policies(make_usecase(component("api"), component("worker", "Worker")))

    assert (5672 in [port for _, port in rules(found["worker"], "egress")]) is True
    assert (5672 in [port for _, port in rules(found["api"], "egress")]) is False


def test_an_exposed_api_is_open_to_anybody_on_its_http_port_only() -> None:
    spec = policies(make_usecase(component("api", expose={"nodePort": 30080})))["api"]

    assert spec["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8000}]}]


def test_metrics_are_open_to_the_scraper_named() -> None:
    scrape = {"scrapeFrom": {"namespace": "monitoring", "podLabels": {"app": "prometheus"}}}
    health = {"http": {"port": 9100}}
    found = policies(
        make_usecase(
            component("api", health=health), component("bot", "Bot", health={"tcp": {"port": 1}}), isolation=scrape
        )
    )

    assert [port for _, port in rules(found["api"], "ingress")] == [9100]
    assert found["bot"]["ingress"] == []


def test_declared_egress_is_open() -> None:
    egress = [{"cidrs": ["192.0.2.0/24"], "ports": [443], "reason": "r"}, {"cidrs": ["198.51.100.0/24"], "reason": "r"}]
    spec = policies(make_usecase(component("api", egress=egress)))["api"]

    assert spec["egress"][1:] == [
        {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]},
        {"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}]},
    ]


def test_isolation_may_be_switched_off() -> None:
    assert policies(make_usecase(isolation={"networkPolicy": "Off"})) == {}
