"""What the rules let pass, row by row of the NetworkPolicy reference. A small reading of the produced text stands in
for the kernel here; tests/integration/cluster has the real one say the same."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.netpol.pods import Pod
from cluster.netpol.rules import Policy, ruleset, transaction

NAMESPACES = {
    "shop": {"kubernetes.io/metadata.name": "shop", "team": "sales"},
    "till": {"kubernetes.io/metadata.name": "till", "team": "sales"},
    "lab": {"kubernetes.io/metadata.name": "lab"},
}


def pod(name: str, namespace: str, node: str, ip: str, *ports: tuple[str, str, int], age: int = 0) -> Pod:
    return Pod(name, namespace, {"app": name}, node, ip, ports, (True, f"2026-01-01T00:00:{age:02}Z"))


WEB = pod("web", "shop", "one", "10.1.0.2", ("http", "TCP", 8080), ("dns", "UDP", 5353))
API = pod("api", "shop", "one", "10.1.0.3", ("http", "TCP", 9000))
DB = pod("db", "shop", "two", "10.2.0.2", ("http", "TCP", 5432))
CASH = pod("cash", "till", "two", "10.2.0.3")
SPY = pod("spy", "lab", "one", "10.1.0.4")
PODS = [WEB, API, DB, CASH, SPY]
OUTSIDE = "192.0.2.7"


def policy(spec: dict[str, Any], namespace: str = "shop", name: str = "policy") -> Policy:
    return Policy(namespace, name, {"podSelector": {}, **spec})


def app(*names: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": list(names)}]}


def in_team(team: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"team": team}}}


DENY = policy({"policyTypes": ["Ingress"]}, name="deny-in")
DENY_OUT = policy({"policyTypes": ["Egress"]}, name="deny-out")


def from_(*peers: dict[str, Any], ports: list[dict[str, Any]] | None = None, **spec: Any) -> Policy:
    rule: dict[str, Any] = {"from": list(peers)}
    return policy({"policyTypes": ["Ingress"], "ingress": [rule | ({"ports": ports} if ports else {})], **spec})


def to(*peers: dict[str, Any], ports: list[dict[str, Any]] | None = None, **spec: Any) -> Policy:
    rule: dict[str, Any] = {"to": list(peers)}
    return policy({"policyTypes": ["Egress"], "egress": [rule | ({"ports": ports} if ports else {})], **spec})


class Table:
    """Reads a ruleset as the kernel would: one packet against the forward hook."""

    def __init__(self, text: str) -> None:
        blocks = re.findall(r"^\t(\w+) (\S+) \{\n(.*?)^\t\}$", text, re.DOTALL | re.MULTILINE)
        self.lines = {name: [line.strip(" \t;") for line in body.splitlines()] for _, name, body in blocks}
        listed = {name: re.search(r"elements = \{ (.*) \}", body) for _, name, body in blocks}
        self.elements = {name: found[1].split(", ") for name, found in listed.items() if found}

    def passes(self, source: str, destination: str, protocol: str, port: int, *, established: bool = False) -> bool:
        packet = {"ip saddr": source, "ip daddr": destination, f"{protocol} dport": str(port), "meta l4proto": protocol}
        packet["ct state"] = "established" if established else "new"
        return self._run("forward", packet) in ("accept", None)

    def _run(self, chain: str, packet: dict[str, str]) -> str | None:
        for line in self.lines[chain]:
            verdict = self._verdict(line.partition(" comment ")[0], packet)
            if verdict == "return":
                return None
            if verdict in ("accept", "drop"):
                return verdict
        return None

    def _verdict(self, line: str, packet: dict[str, str]) -> str | None:
        if line.startswith("type "):
            return None
        if jump := re.fullmatch(r"(?:(ip [sd]addr) (\S+) )?jump (\S+)", line):
            return self._run(jump[3], packet) if not jump[1] or packet[jump[1]] == jump[2] else None
        *matches, verdict = re.findall(r"(?:[a-z]\w* \w+(?: \. [a-z]\w* \w+)* [@\w,.-]+)|\w+$", line)
        return verdict if all(self._holds(match, packet) for match in matches) else None

    def _holds(self, match: str, packet: dict[str, str]) -> bool:
        field, wanted = match.rsplit(" ", 1)
        values = [packet.get(part) for part in field.split(" . ")]
        if None in values:
            return False
        value = " . ".join(str(part) for part in values)
        if wanted.startswith("@"):
            elements = self.elements.get(wanted[1:], [])
            return any(value == e or ("/" in e and ip_address(value) in ip_network(e)) for e in elements)
        if field.endswith("dport"):
            low, high = map(int, wanted.split("-"))
            return low <= int(value) <= high
        return value in wanted.split(",")


def passes(
    policies: list[Policy],
    source: Pod | str,
    destination: Pod | str,
    port: int = 80,
    protocol: str = "tcp",
    *,
    established: bool = False,
    pods: list[Pod] = PODS,
) -> bool:
    """Whether a packet gets from one to the other: through the forward hook of each end's node."""
    ends = [end.ip if isinstance(end, Pod) else end for end in (source, destination)]
    nodes = {end.node for end in (source, destination) if isinstance(end, Pod)}
    tables = [Table(transaction(ruleset(pods, NAMESPACES, policies, node), 1)) for node in nodes]
    return all(table.passes(*ends, protocol, port, established=established) for table in tables)


ALLOWED, DENIED = True, False
ROWS: dict[str, tuple[list[Policy], Pod | str, Pod | str, bool]] = {
    "without a policy everything passes": ([], SPY, WEB, ALLOWED),
    "default deny closes a pod to its neighbours": ([DENY], API, WEB, DENIED),
    "default deny closes a pod to other nodes": ([DENY], DB, WEB, DENIED),
    "default deny closes a pod to the outside": ([DENY], OUTSIDE, WEB, DENIED),
    "default deny for ingress leaves egress open": ([DENY], WEB, SPY, ALLOWED),
    "default deny for egress closes the way out": ([DENY_OUT], WEB, OUTSIDE, DENIED),
    "default deny for egress leaves ingress open": ([DENY_OUT], SPY, WEB, ALLOWED),
    "a policy says nothing about other namespaces": ([DENY], WEB, SPY, ALLOWED),
    "a policy says nothing about pods that it does not select": (
        [policy({"podSelector": app("api"), "policyTypes": ["Ingress"]})], SPY, WEB, ALLOWED,
    ),
    "a pod reaches itself by way of its Service": ([DENY, DENY_OUT], WEB, WEB, ALLOWED),
    "without policyTypes a policy is about ingress": ([policy({})], SPY, WEB, DENIED),
    "without policyTypes a policy without egress rules leaves egress open": ([policy({})], WEB, SPY, ALLOWED),
    "without policyTypes egress rules make it about egress too": (
        [policy({"egress": [{"to": [{"podSelector": app("db")}]}]})], WEB, SPY, DENIED,
    ),
    "ingress rules count for nothing where policyTypes says egress": (
        [policy({"policyTypes": ["Egress"], "ingress": []})], SPY, WEB, ALLOWED,
    ),
    "an empty rule allows everybody": ([policy({"ingress": [{}]})], OUTSIDE, WEB, ALLOWED),
    "an empty list of peers allows everybody": ([from_()], OUTSIDE, WEB, ALLOWED),
    "a pod selector allows those it selects": ([from_({"podSelector": app("api")})], API, WEB, ALLOWED),
    "a pod selector allows them across nodes": ([from_({"podSelector": app("db")})], DB, WEB, ALLOWED),
    "a pod selector allows nobody else": ([from_({"podSelector": app("api")})], DB, WEB, DENIED),
    "a pod selector alone stays in its namespace": ([from_({"podSelector": app("spy", "cash")})], SPY, WEB, DENIED),
    "an empty pod selector takes the whole namespace": ([from_({"podSelector": {}})], DB, WEB, ALLOWED),
    "an empty pod selector takes no more than the namespace": ([from_({"podSelector": {}})], SPY, WEB, DENIED),
    "a pod selector that selects nobody allows nobody": ([from_({"podSelector": app("none")})], OUTSIDE, WEB, DENIED),
    "a namespace selector takes all pods in it": ([from_(in_team("sales"))], CASH, WEB, ALLOWED),
    "a namespace selector takes no other namespace": ([from_(in_team("sales"))], SPY, WEB, DENIED),
    "a namespace is found by its name's label": (
        [from_({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "lab"}}})], SPY, WEB, ALLOWED,
    ),
    "an empty namespace selector takes all namespaces": ([from_({"namespaceSelector": {}})], SPY, WEB, ALLOWED),
    "an empty namespace selector takes pods only": ([from_({"namespaceSelector": {}})], OUTSIDE, WEB, DENIED),
    "both selectors in one peer must hold": ([from_(in_team("sales") | {"podSelector": app("db")})], CASH, WEB, DENIED),
    "one of two peers is enough": ([from_(in_team("sales"), {"podSelector": app("none")})], CASH, WEB, ALLOWED),
    "one of two rules is enough": (
        [policy({"ingress": [{"from": [{"podSelector": app("none")}]}, {"from": [in_team("sales")]}]})],
        CASH, WEB, ALLOWED,
    ),
    "policies add up": ([DENY, from_({"podSelector": app("db")})], DB, WEB, ALLOWED),
    "the destination's leave does not help without the source's": ([DENY_OUT, from_()], API, WEB, DENIED),
    "the source's leave does not help without the destination's": ([DENY, to()], API, WEB, DENIED),
    "leave on both sides lets pass": (
        [from_({"podSelector": app("api")}), to({"podSelector": app("web")})], API, WEB, ALLOWED,
    ),
    "egress goes by the destination": ([to({"podSelector": app("db")})], WEB, API, DENIED),
    "a block takes addresses in it": ([from_({"ipBlock": {"cidr": "192.0.2.0/24"}})], OUTSIDE, WEB, ALLOWED),
    "a block takes no others": ([from_({"ipBlock": {"cidr": "198.51.100.0/24"}})], OUTSIDE, WEB, DENIED),
    "a block's exception is out": (
        [from_({"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.6/31"]}})], OUTSIDE, WEB, DENIED,
    ),
    "around a block's exceptions it holds": (
        [to({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.0.2.8/29", "192.0.2.8/32"]}})],
        WEB, OUTSIDE, ALLOWED,
    ),
    "an exception in one block is no exception from another": (
        [from_({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.0/24"]}}, {"ipBlock": {"cidr": "192.0.2.7/32"}})],
        OUTSIDE, WEB, ALLOWED,
    ),
    "a block takes pods too": ([from_({"ipBlock": {"cidr": "10.1.0.0/16"}})], SPY, WEB, ALLOWED),
    "a block of IPv6 takes nobody here": (
        [from_({"ipBlock": {"cidr": "::/0", "except": ["fd00::/8"]}})], SPY, WEB, DENIED,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("policies", "source", "destination", "expected"), ROWS.values(), ids=ROWS)
def test_who_reaches_whom(policies: list[Policy], source: Pod | str, destination: Pod | str, expected: bool) -> None:
    assert passes(policies, source, destination) is expected


PORTS: dict[str, tuple[list[dict[str, Any]], str, int, bool]] = {
    "the port named by number": ([{"port": 80}], "tcp", 80, ALLOWED),
    "another port": ([{"port": 80}], "tcp", 81, DENIED),
    "without a protocol TCP is meant": ([{"port": 80}], "udp", 80, DENIED),
    "UDP by name": ([{"port": 53, "protocol": "UDP"}], "udp", 53, ALLOWED),
    "SCTP by name": ([{"port": 53, "protocol": "SCTP"}], "sctp", 53, ALLOWED),
    "one of several": ([{"port": 53, "protocol": "UDP"}, {"port": 53}], "tcp", 53, ALLOWED),
    "a protocol without port takes all its ports": ([{"protocol": "UDP"}], "udp", 4711, ALLOWED),
    "a protocol without port takes no other protocol": ([{"protocol": "UDP"}], "tcp", 4711, DENIED),
    "the first of a range": ([{"port": 80, "endPort": 90}], "tcp", 80, ALLOWED),
    "the last of a range": ([{"port": 80, "endPort": 90}], "tcp", 90, ALLOWED),
    "past a range": ([{"port": 80, "endPort": 90}], "tcp", 91, DENIED),
    "a named port is the destination's number": ([{"port": "http"}], "tcp", 8080, ALLOWED),
    "a named port is not another pod's number": ([{"port": "http"}], "tcp", 9000, DENIED),
    "a named port goes by protocol": ([{"port": "dns"}], "tcp", 5353, DENIED),
    "a named port of UDP": ([{"port": "dns", "protocol": "UDP"}], "udp", 5353, ALLOWED),
    "a name that no pod has allows nothing": ([{"port": "nope"}], "tcp", 8080, DENIED),
}


@pytest.mark.parametrize("allow", [from_, to], ids=["ingress", "egress"])
@pytest.mark.parametrize(("ports", "protocol", "port", "expected"), PORTS.values(), ids=PORTS)
def test_which_ports(allow: Any, ports: list[dict[str, Any]], protocol: str, port: int, expected: bool) -> None:
    assert passes([allow(ports=ports)], API, WEB, port, protocol) is expected


def test_a_rule_without_ports_allows_every_protocol() -> None:
    assert passes([DENY, from_({"podSelector": app("api")})], API, WEB, 1, "icmp")


def test_a_named_port_of_a_selected_peer_differs_from_pod_to_pod() -> None:
    policies = [to({"podSelector": app("web", "db")}, ports=[{"port": "http"}])]
    assert [passes(policies, API, peer, port) for peer, port in [(WEB, 8080), (DB, 5432), (WEB, 5432), (DB, 8080)]] == [
        ALLOWED, ALLOWED, DENIED, DENIED,
    ]  # fmt: skip


def test_replies_and_open_connections_pass() -> None:
    assert passes([DENY, DENY_OUT], API, WEB, established=True)


def test_an_address_handed_on_is_the_newer_pods() -> None:
    newer = pod("api", "lab", "one", WEB.ip, age=5)
    leaving = WEB._replace(age=(False, "2026-01-01T00:00:09Z"))
    assert passes([DENY], SPY, newer, pods=[newer, WEB, SPY])
    assert passes([DENY], SPY, newer, pods=[leaving, newer, SPY])


def test_a_pod_without_address_is_left_out() -> None:
    unaddressed = [SPY, WEB._replace(ip="")]
    assert ruleset(unaddressed, NAMESPACES, [DENY], "one") == ruleset([SPY], NAMESPACES, [DENY], "one")


def test_pods_of_a_namespace_not_seen_yet_are_in_no_namespace_selector() -> None:
    not_sales = {"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}}
    stranger = pod("new", "unseen", "one", "10.1.0.9")
    assert passes([from_(not_sales)], stranger, WEB, pods=[*PODS, stranger]) is DENIED


def test_policies_of_other_nodes_pods_cost_this_node_nothing() -> None:
    far = from_(in_team("sales"), podSelector=app("db"))
    assert ruleset(PODS, NAMESPACES, [far], "one") == ruleset(PODS, NAMESPACES, [], "one")


def test_pods_under_the_same_policies_share_a_chain() -> None:
    text = ruleset(PODS, NAMESPACES, [from_({"podSelector": {}}), DENY], "one")
    assert text.count("chain ingress-") == 1
    assert [f"ip daddr {pod.ip} jump ingress-1;" in text for pod in (WEB, API, SPY)] == [True, True, False]


def test_the_order_of_objects_does_not_change_the_text() -> None:
    policies = [DENY, DENY_OUT, from_(in_team("sales")), from_(), to(ports=[{"port": "http"}])]
    renamed = [p._replace(name=str(i)) for i, p in enumerate(policies)]
    assert ruleset(PODS, NAMESPACES, renamed, "one") == ruleset(PODS[::-1], NAMESPACES, renamed[::-1], "one")


def test_a_pod_that_begins_to_leave_does_not_change_the_text() -> None:
    leaving = [WEB._replace(age=(False, WEB.age[1])), *PODS[1:]]
    assert ruleset(leaving, NAMESPACES, [DENY], "one") == ruleset(PODS, NAMESPACES, [DENY], "one")


# The reference once more, as one question about one packet, to hold random policies against.


def admits(spec: Any, namespace: str, field: str, peers: str, ends: tuple[Pod, Pod], port: int, protocol: str) -> bool:
    other = ends[0] if field == "ingress" else ends[1]

    def holds(selector: Any, labels: Any) -> bool:
        return all(labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", ())) and all(
            labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()
        )

    def is_peer(peer: Any) -> bool:
        if "ipBlock" in peer:
            cidrs = [peer["ipBlock"]["cidr"], *peer["ipBlock"].get("except", ())]
            inside, *out = [ip_address(other.ip) in ip_network(cidr) for cidr in cidrs]
            return inside and not any(out)
        if "namespaceSelector" in peer:
            near = holds(peer["namespaceSelector"], NAMESPACES[other.namespace])
        else:
            near = other.namespace == namespace
        return near and holds(peer.get("podSelector", {}), other.labels)

    def is_port(wanted: Any) -> bool:
        if wanted.get("protocol", "TCP").lower() != protocol:
            return False
        if isinstance(wanted.get("port"), str):
            return (wanted["port"], protocol.upper(), port) in ends[1].ports
        return "port" not in wanted or wanted["port"] <= port <= wanted.get("endPort", wanted["port"])

    return any(
        (not rule.get(peers) or any(map(is_peer, rule[peers])))
        and (not rule.get("ports") or any(map(is_port, rule["ports"])))
        for rule in spec.get(field, ())
    )


def should_pass(policies: list[Policy], source: Pod, destination: Pod, port: int, protocol: str) -> bool:
    if source == destination:
        return True
    for field, peers, pod_ in (("egress", "to", source), ("ingress", "from", destination)):
        isolating = [
            p
            for p in policies
            if p.namespace == pod_.namespace
            and field.title() in p.spec["policyTypes"]
            and pod_.labels["app"] in p.spec["podSelector"].get("matchLabels", pod_.labels)["app"]
        ]
        ends = (source, destination)
        if isolating and not any(admits(p.spec, p.namespace, field, peers, ends, port, protocol) for p in isolating):
            return False
    return True


SELECTORS = st.sampled_from([{}, {"matchLabels": {"app": "web"}}, app("api", "db"), app("spy")])
PEERS = st.one_of(
    st.fixed_dictionaries({"podSelector": SELECTORS}),
    st.fixed_dictionaries(
        {"namespaceSelector": st.sampled_from([{}, {"matchLabels": {"team": "sales"}}])},
        optional={"podSelector": SELECTORS},
    ),
    st.fixed_dictionaries(
        {
            "ipBlock": st.fixed_dictionaries(
                {"cidr": st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"])},
                optional={
                    "except": st.lists(st.sampled_from(["10.1.0.2/31", "10.1.0.3/32", "10.1.0.0/24"]), max_size=3)
                },
            )
        }
    ),
)
PORT_FIELDS = st.fixed_dictionaries(
    {}, optional={"protocol": st.sampled_from(["TCP", "UDP"]), "port": st.sampled_from(["http", "dns", 80, 8080])}
)


def rules(peers: str) -> st.SearchStrategy[Any]:
    fields = {peers: st.lists(PEERS, max_size=2), "ports": st.lists(PORT_FIELDS, max_size=2)}
    return st.lists(st.fixed_dictionaries({}, optional=fields), max_size=2)


@st.composite
def worlds(draw: st.DrawFn) -> list[Policy]:
    def specs() -> Iterator[Policy]:
        for number in range(draw(st.integers(0, 4))):
            spec = {
                "podSelector": draw(st.sampled_from([{}, {"matchLabels": {"app": "web"}}])),
                "policyTypes": draw(st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]])),
                "ingress": draw(rules("from")),
                "egress": draw(rules("to")),
            }
            yield Policy(draw(st.sampled_from(["shop", "lab"])), f"p{number}", spec)

    return list(specs())


@settings(max_examples=150, deadline=None)
@given(
    worlds(),
    st.sampled_from(PODS),
    st.sampled_from(PODS),
    st.sampled_from([80, 8080, 5353]),
    st.sampled_from(["tcp", "udp"]),
)
def test_random_policies_mean_what_the_reference_says(
    policies: list[Policy], source: Pod, destination: Pod, port: int, protocol: str
) -> None:
    expected = should_pass(policies, source, destination, port, protocol)
    assert passes(policies, source, destination, port, protocol) is expected
