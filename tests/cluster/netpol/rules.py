"""NetworkPolicies as one nftables table for one node: the enforcer's whole decision, and nothing but it.

Egress is decided on the node of the source, ingress on the node of the destination. A rule leads from an isolated
pod's address to the chain of the policies that select it: a rule and not a map, because the kernel replaces all rules
at one moment, but looks a map up as it is a moment later, and who is not found there would pass. A set that is looked
up a moment late lets nobody in who should not. Only first packets come that far. The node's own traffic never meets
the forward hook, so probes pass whatever policies say; Service addresses were translated before it. Clusters here are
IPv4: IPv6 blocks are left out. A connection that was let in stays."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, collapse_addresses
from typing import Any, NamedTuple

from cluster.netpol.pods import Pod
from cluster.netpol.selectors import matches

TABLE = "ip usecase-netpol"
Manifest = Mapping[str, Any]
Items = Iterable[Manifest] | None
Labels = Mapping[str, str]


class Policy(NamedTuple):
    namespace: str
    name: str
    spec: Manifest


# Field of the spec and name of its verdict map; field of a rule that names the other side; where a packet says the
# isolated pod's address, and where the other side's.
DIRECTIONS = (("egress", "to", "saddr", "daddr"), ("ingress", "from", "daddr", "saddr"))


def ruleset(pods: Iterable[Pod], namespaces: Mapping[str, Labels], policies: Iterable[Policy], node: str) -> str:
    """The node's table as text, to be loaded by `transaction`.

    namespaces: name → labels. The same objects give the same text, in whatever order they come."""
    # An address that was handed on is its newer pod's, though the older pod may still be listed.
    owners = {pod.ip: pod for pod in sorted(pods, key=lambda pod: (*pod.age, pod.uid)) if pod.ip}
    lines = _Lines(dict(sorted(owners.items())), namespaces)
    local = [pod for pod in lines.pods.values() if pod.node == node]
    body, hook = "", ["ct state established,related accept", "ip saddr . ip daddr @itself accept"]
    for field, peers, ours, theirs in DIRECTIONS:
        allowed: defaultdict[str, list[str]] = defaultdict(list)  # address of an isolated pod → what may pass
        for policy in sorted(policies, key=lambda policy: policy[:2]):
            near = (pod for pod in local if pod.namespace == policy.namespace)
            isolated = [pod for pod in near if matches(policy.spec.get("podSelector") or {}, pod.labels)]
            if isolated and field.title() in _types(policy.spec):
                passing = list(lines.of(policy, field, peers, f"ip {theirs}"))
                for pod in isolated:
                    allowed[pod.ip] += passing
        distinct = dict.fromkeys(map(tuple, allowed.values()))
        chains = {passing: f"{field}-{number}" for number, passing in enumerate(distinct, 1)}
        body += "".join(_block(f"chain {name}", *passing, "drop") for passing, name in chains.items())
        hook += [f"ip {ours} {ip} jump {chains[tuple(passing)]}" for ip, passing in sorted(allowed.items())]
    sets = "".join(_block(f"set {name}", *declared) for declared, name in lines.sets.items())
    # A pod that reaches itself by way of its Service is nobody's business.
    sets += _block("set itself", "type ipv4_addr . ipv4_addr", _elements(f"{pod.ip} . {pod.ip}" for pod in local))
    return sets + body + _block("chain decide", *hook)


def transaction(rules: str, turn: int) -> str:
    """For `nft -f -`: the table of `ruleset` in the place of the one before it.

    turn: higher than that of the table before. While a transaction is being committed both tables are hooked in, the
    old one in force until a moment and the new one after it. A packet that met the new one first could pass it before
    that moment and the old one after it; the turn is the hook's priority, so the old one always comes first."""
    hook = _block("chain forward", f"type filter hook forward priority {turn}; policy accept", "jump decide")
    return f"table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n{rules}{hook}}}\n"


class _Lines:
    """Policies as lines of a chain, and the named sets that these look addresses up in: declaration → name."""

    def __init__(self, pods: Mapping[str, Pod], namespaces: Mapping[str, Labels]) -> None:
        self.pods, self._namespaces = pods, namespaces
        self.sets: dict[tuple[str, str], str] = {}

    def of(self, policy: Policy, field: str, peers: str, theirs: str) -> Iterator[str]:
        """What the policy lets pass in that direction: back to the hook, where the other direction has its say."""
        comment = f"{policy.namespace}/{policy.name}"[:128]  # nft takes no longer one
        for rule in policy.spec.get(field) or ():
            for match in self._matches(rule.get(peers), rule.get("ports"), policy.namespace, theirs):
                yield f'{match}return comment "{comment}"'

    def _matches(self, peers: Items, ports: Items, namespace: str, theirs: str) -> Iterator[str]:
        networks = collapse_addresses(network for peer in peers or () for network in self._networks(peer, namespace))
        address = self._lookup(theirs, "ipv4_addr; flags interval", map(str, networks))
        if peers and not address:  # named, but there is nobody; none named means anybody
            return
        if not ports:
            yield address
        for port in ports or ():
            protocol, number = port.get("protocol", "TCP").lower(), port.get("port")
            if number is None:
                yield f"{address}meta l4proto {protocol} "
            elif isinstance(number, int):
                yield f"{address}{protocol} dport {number}-{port.get('endPort', number)} "
            elif named := self._named_port(number, protocol):
                yield address + named

    def _networks(self, peer: Manifest, namespace: str) -> Iterable[IPv4Network]:
        if block := peer.get("ipBlock"):
            return _without(block["cidr"], block.get("except") or ())
        where, who, near = peer.get("namespaceSelector"), peer.get("podSelector") or {}, {namespace}
        if where is not None:
            near = {name for name, labels in self._namespaces.items() if matches(where, labels)}
        return [IPv4Network(ip) for ip, pod in self.pods.items() if pod.namespace in near and matches(who, pod.labels)]

    def _named_port(self, name: str, protocol: str) -> str:
        """A named port is whatever number the destination pod gives it, so it goes by address."""
        ports = ((ip, *port) for ip, pod in self.pods.items() for port in pod.ports)
        found = (f"{ip} . {number}" for ip, has, proto, number in ports if (has, proto.lower()) == (name, protocol))
        return self._lookup(f"ip daddr . {protocol} dport", "ipv4_addr . inet_service", found)

    def _lookup(self, field: str, kind: str, elements: Iterable[str]) -> str:
        """The match of a packet's field against a named set; nothing if the set would be empty."""
        if not (listed := _elements(elements)):
            return ""
        return f"{field} @{self.sets.setdefault((f'type {kind}', listed), f'set-{len(self.sets) + 1}')} "


def _types(spec: Manifest) -> Iterable[str]:
    return spec.get("policyTypes") or ("Ingress", "Egress" if spec.get("egress") else "")


def _without(cidr: str, exceptions: Iterable[str]) -> list[IPv4Network]:
    parts = [] if ":" in cidr else [IPv4Network(cidr, strict=False)]
    for exception in (IPv4Network(text, strict=False) for text in exceptions if parts):
        untouched = [part for part in parts if not part.overlaps(exception)]
        cut = [part for part in parts if exception.subnet_of(part)]  # the others lie within the exception
        parts = untouched + [rest for part in cut for rest in part.address_exclude(exception)]
    return parts


def _elements(elements: Iterable[str]) -> str:
    listed = ", ".join(elements)
    return f"elements = {{ {listed} }}" if listed else ""


def _block(head: str, *lines: str) -> str:
    return f"\t{head} {{\n" + "".join(f"\t\t{line};\n" for line in lines if line) + "\t}\n"
