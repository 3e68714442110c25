"""What each kind of component is by nature (design §5): the table that the renderers ask."""

from dataclasses import dataclass

from usecase_operator.model import Component, ComponentKind


@dataclass(frozen=True, slots=True)
class Nature:
    """*serves*: has a Service, and drains before it stops. *overlaps*: two pods may run at once; if not, the old
    one is gone before the new one starts. *spread*: kept apart over nodes, and by a disruption budget.
    """

    serves: bool
    overlaps: bool
    spread: bool


NATURES: dict[ComponentKind, Nature] = {
    "API": Nature(serves=True, overlaps=True, spread=True),
    "DataService": Nature(serves=True, overlaps=True, spread=True),
    "Worker": Nature(serves=False, overlaps=True, spread=True),
    "Bot": Nature(serves=False, overlaps=False, spread=False),
}


def nature(component: Component) -> Nature:
    return NATURES[component.kind]
