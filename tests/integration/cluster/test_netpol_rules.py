"""The kernel takes the NetworkPolicy rules and does what they say: two nodes and three pods as network namespaces.

Wired as the home-made node image wires its pods: a veth pair each, a host route, no bridge, so that every packet
between pods passes the node's forward hook. Needs root and nft; touches nothing outside its own namespaces.
"""

import itertools
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from cluster import engine
from cluster import settings as environment
from cluster.netpol.pods import Pod
from cluster.netpol.rules import Policy, ruleset, transaction
from cluster.polling import eventually
from cluster.progress import Progress

PREFIX = f"netpol{os.getpid()}-"
PODS = {
    name: Pod(name, "shop", {"app": name}, node, ip, (("web", "TCP", 8080),), (True, "2026-01-01T00:00:00Z"))
    for name, node, ip in [("near", "one", "10.1.0.2"), ("server", "one", "10.1.0.3"), ("far", "two", "10.2.0.2")]
}
NODES = {"one": "172.30.0.1", "two": "172.30.0.2"}
NAMESPACES = {"shop": {"kubernetes.io/metadata.name": "shop"}}
DENY = Policy("shop", "deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})

SERVE = """
    import socket, threading
    def accept(port):
        server = socket.create_server(("", port))
        while True:
            server.accept()[0].sendall(b"hello")
    for port in (8080, 8081):
        threading.Thread(target=accept, args=(port,), daemon=True).start()
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.bind(("", 5300))
    while True:
        udp.sendto(b"hello", udp.recvfrom(99)[1])
"""
ASK = """
    import socket, sys
    kind = socket.SOCK_DGRAM if sys.argv[3] == "udp" else socket.SOCK_STREAM
    client = socket.socket(type=kind)
    client.settimeout(0.7)
    client.connect((sys.argv[1], int(sys.argv[2])))
    if sys.argv[3] == "udp":
        client.send(b"hello")
    assert client.recv(99) == b"hello"
"""
# Each datagram comes from a port of its own: one connection more that the rules must judge.
FLOOD = """
    import socket, sys
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.sendto(b"let me in", (sys.argv[1], 5301))
"""
# Says how many datagrams came so far, whenever it is asked by a line.
STILL = 20  # equal readings, a tenth of a second apart

COUNT = """
    import socket, sys, threading
    udp = socket.socket(type=socket.SOCK_DGRAM)
    udp.bind(("", 5301))
    received = 0
    def count():
        global received
        while udp.recv(99):
            received += 1
    threading.Thread(target=count, daemon=True).start()
    for line in sys.stdin:
        print(received, flush=True)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def inside(name: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", PREFIX + name, *command]


def python(name: str, program: str, *arguments: str) -> list[str]:
    return inside(name, sys.executable, "-c", textwrap.dedent(program), *arguments)


@pytest.fixture(scope="module", autouse=True)
def network() -> Iterator[None]:
    """The namespaces, their wires and the server's process; all gone afterwards."""
    if os.geteuid() != 0 or not (shutil.which("nft") or shutil.which("apt-get")):
        pytest.fail("this test needs root, and nft: install nftables")
    if not shutil.which("nft"):
        engine.apt_install(Progress(environment.read().cache), ["nftables"])
    try:
        for name in (*NODES, *PODS):
            ip("netns", "add", PREFIX + name)
            ip("-n", PREFIX + name, "link", "set", "lo", "up")
        ip("link", "add", "wire", "netns", PREFIX + "one", "type", "veth", "peer", "wire", "netns", PREFIX + "two")
        for node, address in NODES.items():
            subprocess.run(inside(node, "sysctl", "-qw", "net.ipv4.ip_forward=1"), check=True)
            ip("-n", PREFIX + node, "address", "add", f"{address}/24", "dev", "wire")
            ip("-n", PREFIX + node, "link", "set", "wire", "up")
        for pod in PODS.values():
            _wire(pod)
        with subprocess.Popen(python("server", SERVE)) as server:
            eventually(lambda: reaches("near"), timeout=10, what="the server to answer without rules")
            yield
            server.kill()
    finally:
        for name in (*PODS, *NODES):
            subprocess.run(["ip", "netns", "delete", PREFIX + name], check=False, capture_output=True)


def _wire(pod: Pod) -> None:
    """A veth pair, a host route on the node, the node as the pod's only way: what CNI's ptp plugin does."""
    node, namespace, gateway = PREFIX + pod.node, PREFIX + pod.uid, str(ip_address(pod.ip) + 100)
    ip("link", "add", pod.uid, "netns", node, "type", "veth", "peer", "eth0", "netns", namespace)
    ip("-n", node, "address", "add", f"{gateway}/32", "dev", pod.uid)
    ip("-n", node, "link", "set", pod.uid, "up")
    ip("-n", node, "route", "add", pod.ip, "dev", pod.uid)
    ip("-n", namespace, "address", "add", f"{pod.ip}/32", "dev", "eth0")
    ip("-n", namespace, "link", "set", "eth0", "up")
    ip("-n", namespace, "route", "add", gateway, "dev", "eth0")
    ip("-n", namespace, "route", "add", "default", "via", gateway)
    for other in NODES:
        if other != pod.node:
            ip("-n", PREFIX + other, "route", "add", pod.ip, "via", NODES[pod.node])


TURNS = itertools.count(1)


def replacement(policies: Iterable[Policy], node: str) -> str:
    return transaction(ruleset(PODS.values(), NAMESPACES, policies, node), next(TURNS))


def load(*policies: Policy) -> None:
    for node in NODES:
        nft(node, replacement(policies, node), "-f", "-")


def nft(node: str, text: str, *options: str) -> None:
    done = subprocess.run(inside(node, "nft", *options), input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def reaches(source: str, port: int = 8080, protocol: str = "tcp") -> bool:
    ask = python(source, ASK, PODS["server"].ip, str(port), protocol)
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0


def ingress(*rules: dict[str, Any]) -> Policy:
    spec = {"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"], "ingress": list(rules)}
    return Policy("shop", "ingress", spec)


def egress(source: str, *rules: dict[str, Any]) -> Policy:
    spec = {"podSelector": {"matchLabels": {"app": source}}, "policyTypes": ["Egress"], "egress": list(rules)}
    return Policy("shop", "egress", spec)


BOTH = pytest.mark.parametrize("client", ["near", "far"], ids=["on one node", "across nodes"])


@BOTH
def test_without_policies_everything_passes(client: str) -> None:
    load()
    assert reaches(client)
    assert reaches(client, 5300, "udp")


@BOTH
def test_default_deny_closes_and_leave_on_both_sides_opens(client: str) -> None:
    selected = {"podSelector": {"matchLabels": {"app": client}}}
    load(DENY)
    assert not reaches(client)
    assert not reaches(client, 5300, "udp")
    load(DENY, egress(client, {}))
    assert not reaches(client), "egress alone is half the way"
    load(DENY, ingress({"from": [selected]}))
    assert not reaches(client), "ingress alone is half the way"
    load(DENY, egress(client, {}), ingress({"from": [selected]}))
    assert reaches(client)
    assert reaches(client, 5300, "udp")


@BOTH
def test_ports_by_number_range_name_and_protocol(client: str) -> None:
    asked = [(8080, "tcp"), (8081, "tcp"), (5300, "udp")]
    for ports, expected in [
        ([{"port": 8080}], [True, False, False]),
        ([{"port": 8081, "endPort": 9000}], [False, True, False]),
        ([{"port": "web"}], [True, False, False]),
        ([{"protocol": "UDP"}], [False, False, True]),
    ]:
        load(ingress({"ports": ports}))
        assert [reaches(client, *port) for port in asked] == expected, ports


@BOTH
@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"cidr": "0.0.0.0/0"}, {"near": True, "far": True}),
        ({"cidr": "10.0.0.0/8", "except": ["10.2.0.0/16"]}, {"near": True, "far": False}),
        ({"cidr": "10.2.0.2/32"}, {"near": False, "far": True}),
    ],
    ids=["everything", "all but one", "one"],
)
def test_address_blocks(client: str, block: dict[str, Any], expected: dict[str, bool]) -> None:
    load(ingress({"from": [{"ipBlock": block}]}))
    assert reaches(client) is expected[client]


def test_the_node_itself_always_reaches_its_pods() -> None:
    load(DENY)
    assert reaches("one")


def test_an_open_connection_outlives_a_policy_that_would_not_let_it_in() -> None:
    load()
    program = """
        import socket, sys
        udp = socket.socket(type=socket.SOCK_DGRAM)
        udp.settimeout(5)
        udp.connect((sys.argv[1], 5300))
        for line in sys.stdin:
            udp.send(b"hello")
            print(udp.recv(99).decode(), flush=True)
    """
    command = python("far", program, PODS["server"].ip)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        print("before", file=client.stdin, flush=True)
        assert client.stdout.readline() == "hello\n"
        load(DENY)
        print("after", file=client.stdin, flush=True)
        assert client.stdout.readline() == "hello\n"
        client.stdin.close()


def test_nothing_slips_through_while_rules_are_replaced() -> None:
    """New connections all the time, two hundred changes of the rules, each of which denies them."""
    with (
        subprocess.Popen(python("server", COUNT), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as counter,
        subprocess.Popen(python("near", FLOOD, PODS["server"].ip)) as flood,
    ):
        try:

            def received() -> int:
                assert counter.stdin is not None
                assert counter.stdout is not None
                print(file=counter.stdin, flush=True)
                return int(counter.stdout.readline())

            load()
            eventually(lambda: received() > 100, timeout=10, what="the flood to arrive without rules")
            load(DENY)
            # What arrived before the denial may still wait in the socket of a counter that gets no processor.
            seen = [received()]

            def stands_still() -> bool:
                seen.append(received())
                return len(seen) > STILL and len(set(seen[-STILL:])) == 1

            eventually(stands_still, timeout=30, what="the flood to be stopped", every=0.1)
            before = received()
            for _, extra in zip(range(200), itertools.cycle((ingress(), egress("far"))), strict=False):
                nft("one", replacement([DENY, extra], "one"), "-f", "-")
            assert received() == before
            assert flood.poll() is None, "the flood ended before the test did"
            load()
            eventually(lambda: received() > before, timeout=10, what="the flood to arrive again")
        finally:
            counter.kill()
            flood.kill()


def test_a_large_cluster_is_computed_and_loaded_in_seconds() -> None:
    """Two hundred pods here, three thousand elsewhere, a hundred policies."""
    pods = [
        PODS["near"]._replace(
            uid=f"pod-{number}",
            labels={"app": f"app-{number % 50}"},
            node="one" if number < 200 else "two",
            ip=str(ip_address("10.8.0.0") + number),
        )
        for number in range(3200)
    ]
    peers = [{"podSelector": {"matchLabels": {"app": f"app-{number}"}}} for number in range(50)]
    policies = [
        Policy(
            "shop",
            f"policy-{number}",
            {
                "podSelector": peer["podSelector"],
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [peers[(number - 1) % 50]], "ports": [{"port": "web"}]}],
                "egress": [
                    {
                        "to": [
                            peers[(number - 2) % 50],
                            {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.8/29"]}},
                        ]
                    }
                ],
            },
        )
        for number, peer in enumerate(peers * 2)
    ]
    started = processor_seconds()
    text = ruleset(pods, NAMESPACES, policies, "one")
    computed = processor_seconds()
    nft("one", transaction(text, next(TURNS)), "-f", "-")
    print(f"computed in {computed - started:.2f} s, loaded in {processor_seconds() - computed:.2f} s")
    assert processor_seconds() - started < 5, "far above what was measured: something grows that should not"


def processor_seconds() -> float:
    """Of this process and of those that it has waited for, whoever else uses the machine."""
    return sum(os.times()[:4])


def test_every_construct_is_accepted_by_nft_check() -> None:
    """Ports of each protocol, blocks with holes at either end, and names as long as Kubernetes has them."""
    ports = [{"port": "web"}, {"port": 1, "endPort": 65535, "protocol": "UDP"}, {"protocol": "SCTP"}, {"port": 132}]
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["0.0.0.0/8", "255.255.255.255/32", "10.1.0.3/32"]}}
    rules = [{"ports": ports}, {"to": [block], "from": [block], "ports": ports}, {}]
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": rules, "egress": rules}
    text = ruleset(PODS.values(), NAMESPACES, [Policy("shop", "p" * 253, spec)], "one")
    nft("one", transaction(text, next(TURNS)), "-c", "-f", "-")
