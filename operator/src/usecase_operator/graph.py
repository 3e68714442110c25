"""The components of a use case as a graph: what starts first, what waits for what, and why.

Reads the gates of what components use; knows nothing of the cluster. `reconcile` takes the order from it, and
`conditions` the root cause of a wait. Only edges with a gate decide about order: with `gate: None` two components may
use each other.
"""

from collections.abc import Collection, Mapping

from usecase_operator import reasons
from usecase_operator.errors import Stuck
from usecase_operator.model import Component, UseCase
from usecase_operator.status import BlockedOn


def gates(component: Component) -> tuple[str, ...]:
    """The components whose readiness *component* waits for, each once."""
    waited = (use.component for use in component.uses if use.component and use.gate != "None")
    return tuple(dict.fromkeys(waited))


def start_order(usecase: UseCase) -> tuple[tuple[str, ...], ...]:
    """Waves of components: each wave needs earlier ones only. Raises Stuck(DependencyCycle) that names the circle."""
    waiting = {component.name: gates(component) for component in usecase.spec.components}
    waves: list[tuple[str, ...]] = []
    started: set[str] = set()
    while waiting:
        wave = tuple(name for name, needs in waiting.items() if started.issuperset(needs))
        if not wave:
            circle = " → ".join(_circle(waiting, started))
            raise Stuck(
                reasons.DEPENDENCY_CYCLE,
                f"{circle}: these components wait for each other; remove one `uses` or give it `gate: None`",
            )
        waves.append(wave)
        started.update(wave)
        waiting = {name: needs for name, needs in waiting.items() if name not in started}
    return tuple(waves)


def stop_order(usecase: UseCase) -> tuple[tuple[str, ...], ...]:
    """`start_order`, last wave first: what others use is stopped after them."""
    return tuple(reversed(start_order(usecase)))


def _circle(waiting: Mapping[str, Collection[str]], started: Collection[str]) -> list[str]:
    """One circle among *waiting*: every member waits for another member, so walking on must come back."""
    path = [min(waiting)]
    while True:
        onward = next(need for need in waiting[path[-1]] if need not in started)
        if onward in path:
            return [*path[path.index(onward) :], onward]
        path.append(onward)


def blocked_on(
    usecase: UseCase, component: str, ready: Collection[str], failed: Collection[str]
) -> tuple[BlockedOn, ...]:
    """Why *component* may not start: the shortest chain to a root cause, nearest first; empty if nothing holds it.

    A root is not ready and waits for nobody. Where there are several, one of *failed* is told: it is the one to
    look at.
    """
    needs = {each.name: [need for need in gates(each) if need not in ready] for each in usecase.spec.components}
    came_from = {component: component}
    reached = [component]
    for name in reached:
        for need in needs.get(name, ()):
            if need not in came_from:
                came_from[need] = name
                reached.append(need)
    roots = [name for name in reached[1:] if not needs.get(name)] or reached[1:2]
    if not roots:
        return ()
    chain = [next((root for root in roots if root in failed), roots[0])]
    while came_from[chain[-1]] != component:
        chain.append(came_from[chain[-1]])
    return tuple(BlockedOn(component=name, need="Ready") for name in reversed(chain))
