"""`podTemplate` merged over the operator's own pod template, the way `kubectl` merges a strategic patch.

Maps merge, named lists merge by their key, other lists are replaced, and `null` removes. What the API server would
answer with an internal error (two entries of one key) is refused here, in words: it could never succeed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from usecase_operator import reasons
from usecase_operator.errors import Stuck
from usecase_operator.metadata import COMPONENT, INSTANCE, MANAGED_BY
from usecase_operator.model import Component

KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
}
"""Lists that merge item by item, and what tells their items apart (as the API server's own schema says)."""

REPLACED = frozenset({"env", "volumes"})
"""Items of which exactly one kind of content is allowed: the whole item gives way, or two kinds would mix."""

DEFAULTS = {"protocol": "TCP"}
FROZEN = (INSTANCE, COMPONENT, MANAGED_BY)


def merged(template: dict[str, Any], component: Component) -> dict[str, Any]:
    """*template* under the component's `podTemplate`. Raises Stuck(PodTemplateConflict) that names the field."""
    if not component.pod_template:
        return template
    found = _map(template, component.pod_template, Where(component.name, "podTemplate"))
    for label in FROZEN:
        if found.get("metadata", {}).get("labels", {}).get(label) != template["metadata"]["labels"][label]:
            where = Where(component.name, f"podTemplate.metadata.labels[{label}]")
            raise where.conflict("the operator finds its pods by this label; leave it out")
    _check_ports(found, component.name)
    return found


@dataclass(frozen=True, slots=True)
class Where:
    """The place in a component that a message speaks of."""

    component: str
    path: str

    def below(self, key: str) -> "Where":
        return Where(self.component, f"{self.path}.{key}")

    def conflict(self, what: str) -> Stuck:
        return Stuck(reasons.POD_TEMPLATE_CONFLICT, f"component {self.component}, {self.path}: {what}")


def _map(base: Mapping[str, Any], over: Any, where: Where) -> dict[str, Any]:
    if not isinstance(over, Mapping):
        raise where.conflict("an object is expected here")
    found = dict(base)
    for key, value in over.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = _value(key, found.get(key), value, where.below(key))
    return found


def _value(key: str, base: Any, over: Any, where: Where) -> Any:
    if key in KEYS and (isinstance(base, list) or isinstance(over, list)):
        return _list(key, base or [], over, where)
    if isinstance(base, Mapping) or isinstance(over, Mapping):
        return _map(base if isinstance(base, Mapping) else {}, over, where)
    return over


def _list(key: str, base: Iterable[Mapping[str, Any]], over: Any, where: Where) -> list[Any]:
    if not isinstance(over, list):
        raise where.conflict("a list is expected here")
    found: dict[tuple[Any, ...], Any] = {_identity(key, item): item for item in base}
    given = set()
    for item in over:
        identity = _identity(key, item) if isinstance(item, Mapping) else (None,)
        if not all(isinstance(part, (str, int)) for part in identity):
            raise where.conflict(f"each item needs {' and '.join(KEYS[key])}")
        named = ", ".join(f"{name} {value}" for name, value in zip(KEYS[key], identity, strict=True))
        if identity in given:
            raise where.conflict(f"{named} stands here twice; remove one")
        given.add(identity)
        under = {} if key in REPLACED else found.get(identity, {})
        found[identity] = _map(under, item, where.below(f"[{named}]"))
    return list(found.values())


def _identity(key: str, item: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(item.get(name, DEFAULTS.get(name)) for name in KEYS[key])


def _check_ports(template: Mapping[str, Any], component: str) -> None:
    """A port name may stand once in a container: after a merge the operator's `http` may meet another one."""
    for container in template.get("spec", {}).get("containers", []):
        names = [port["name"] for port in container.get("ports", []) if "name" in port]
        for name in names:
            if names.count(name) > 1:
                where = Where(component, f"podTemplate.spec.containers.[name {container['name']}].ports")
                raise where.conflict(f"two ports are called {name}; http.port and health.http.port name theirs")
