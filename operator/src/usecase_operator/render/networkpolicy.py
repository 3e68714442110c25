"""The NetworkPolicy of a component: all traffic is denied but its declared relations, in both directions.

An edge opens the way out of its source and the way into its target, so it works if and only if it is declared. The
kubelet's probes need no rule: traffic from a pod's own node always passes (Kubernetes' documentation of NetworkPolicy).
"""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from usecase_operator.infrastructure import Labels, Reach
from usecase_operator.metadata import Manifest, child_name, manifest, selector
from usecase_operator.model import Component, UseCase
from usecase_operator.render.given import Given
from usecase_operator.render.probes import health_port

Rule = dict[str, Any]
Peer = dict[str, Any]

NAMESPACE = "kubernetes.io/metadata.name"
"""The label that Kubernetes itself puts on every namespace."""

DNS_PODS = ("kube-dns", "node-local-dns")
"""Cluster DNS of kubeadm, kind and the large providers, and NodeLocal DNSCache, which stands before it on each node."""

DNS_OF_THE_NODE = ("169.254.20.10/32", "169.254.169.254/32")
"""Where a node itself answers, on addresses that lead no further: NodeLocal DNSCache, and Google's Cloud DNS.

NodeLocal DNSCache also takes the address of the Service where kube-proxy works by iptables: `Given.dns` has that.
"""


def network_policy(usecase: UseCase, component: Component, given: Given) -> Manifest | None:
    if usecase.spec.isolation.network_policy == "Off":
        return None
    return manifest(
        usecase,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name=child_name(usecase, component.name),
        component=component.name,
        spec={
            "podSelector": {"matchLabels": selector(usecase, component.name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": _ingress(usecase, component),
            "egress": _egress(usecase, component, given),
        },
    )


def _ingress(usecase: UseCase, component: Component) -> list[Rule]:
    rules: list[Rule] = []
    if component.http:
        users = [each.name for each in usecase.spec.components if component.name in _used(each)]
        ports = _tcp([component.http.port])
        if users:
            rules.append({"from": [_component(usecase, name) for name in users], "ports": ports})
        if component.expose:
            rules.append({"ports": ports})
    scraper, port = usecase.spec.isolation.scrape_from, health_port(component)
    if scraper and port is not None:
        rules.append({"from": [_pods(scraper.namespace, scraper.pod_labels)], "ports": _tcp([port])})
    return rules


def _egress(usecase: UseCase, component: Component, given: Given) -> list[Rule]:
    infrastructure = usecase.spec.infrastructure
    components = {each.name: each for each in usecase.spec.components}
    stores = {each.name: each for each in infrastructure.stores}
    rules = [_cluster_dns(given.dns)]
    for name in _used(component):
        http = components[name].http
        if http:
            rules.append({"to": [_component(usecase, name)], "ports": _tcp([http.port])})
    for name in dict.fromkeys(use.store for use in component.uses if use.store):
        rules.append({"to": _reached(stores[name].reach), "ports": _tcp([stores[name].port])})
    if infrastructure.rabbitmq and component.speaks_amqp:
        rules.append({"to": _reached(infrastructure.rabbitmq.reach), "ports": _tcp([infrastructure.rabbitmq.port])})
    for opening in component.egress:
        rule: Rule = {"to": _addresses(opening.cidrs)}
        rules.append(rule | {"ports": _tcp(opening.ports)} if opening.ports else rule)
    return rules


def _cluster_dns(servers: Iterable[str]) -> Rule:
    """*servers* by address too: where NodeLocal DNSCache has taken the Service's, no packet goes on to a pod."""
    pods = [_pods("kube-system", {"k8s-app": app}) for app in DNS_PODS]
    addresses = dict.fromkeys((*DNS_OF_THE_NODE, *(str(ip_network(each)) for each in servers)))
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [*pods, *_addresses(addresses)], "ports": ports}


def _used(component: Component) -> tuple[str, ...]:
    """The components it uses, each once."""
    return tuple(dict.fromkeys(use.component for use in component.uses if use.component))


def _component(usecase: UseCase, name: str) -> Peer:
    return {"podSelector": {"matchLabels": selector(usecase, name)}}


def _reached(reach: Reach) -> list[Peer]:
    if reach.cidrs:
        return _addresses(reach.cidrs)
    return [_pods(reach.namespace, reach.pod_labels)]


def _pods(namespace: str | None, labels: Labels | None) -> Peer:
    """Without a namespace: pods of the policy's own."""
    peer: Peer = {}
    if namespace:
        peer["namespaceSelector"] = {"matchLabels": {NAMESPACE: namespace}}
    if labels or not namespace:
        peer["podSelector"] = {"matchLabels": dict(labels or {})}
    return peer


def _addresses(cidrs: Iterable[str]) -> list[Peer]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


def _tcp(ports: Iterable[int]) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]
