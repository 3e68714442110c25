"""What starts first, and what is to blame."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usecase_operator import reasons
from usecase_operator.errors import Stuck
from usecase_operator.graph import blocked_on, gates, start_order, stop_order
from usecase_operator.model import UseCase
from usecases import component, make_usecase


def services(**uses: list[str] | dict[str, str]) -> UseCase:
    """name → the components it uses; a dict also says each edge's gate."""
    made = []
    for name, used in uses.items():
        gated = used if isinstance(used, dict) else dict.fromkeys(used, "Ready")
        edges_ = [{"component": other, "env": f"URL_{other}", "gate": gate} for other, gate in gated.items()]
        made.append(component(name, uses=edges_))
    return make_usecase(*made)


def test_who_uses_others_starts_after_them() -> None:
    shop = services(web=["cart", "search"], cart=["data"], search=["data"], data=[])

    assert start_order(shop) == (("data",), ("cart", "search"), ("web",))
    assert stop_order(shop) == (("web",), ("cart", "search"), ("data",))


@pytest.mark.parametrize(
    ("uses", "circle"),
    [
        pytest.param({"a": ["b"], "b": ["a"]}, "a → b → a", id="two"),
        pytest.param({"a": ["b"], "b": ["c"], "c": ["a"]}, "a → b → c → a", id="three"),
        pytest.param({"z": ["a"], "a": ["b"], "b": ["a"]}, "a → b → a", id="with-a-tail"),
        pytest.param({"a": ["c", "b"], "b": ["a"], "c": []}, "a → b → a", id="past-what-has-started"),
    ],
)
def test_a_circle_is_named(uses: dict[str, list[str]], circle: str) -> None:
    with pytest.raises(Stuck, match=circle) as raised:
        start_order(services(**uses))
    assert raised.value.reason == reasons.DEPENDENCY_CYCLE


def test_an_edge_without_gate_closes_no_circle() -> None:
    assert start_order(services(a=["b"], b={"a": "None"})) == (("b",), ("a",))


def test_a_component_used_twice_is_waited_for_once() -> None:
    uses = [{"component": "data", "env": "A"}, {"component": "data", "env": "B"}]
    assert gates(make_usecase(component("api", uses=uses), component("data")).spec.components[0]) == ("data",)


@pytest.mark.parametrize(
    ("ready", "failed", "chain"),
    [
        pytest.param(["cart", "search"], [], [], id="nothing-holds-it"),
        pytest.param(["search"], [], ["cart", "data"], id="to-the-root"),
        pytest.param(["search", "data"], [], ["cart"], id="nearest-is-the-root"),
        pytest.param([], ["other"], ["search", "other"], id="a-failed-root-is-told-first"),
        pytest.param(["cart", "data"], [], ["search", "other"], id="second-edge"),
    ],
)
def test_the_chain_leads_to_the_root_cause(ready: list[str], failed: list[str], chain: list[str]) -> None:
    shop = services(web=["cart", "search"], cart=["data"], search=["other"], data=[], other=[])

    assert [each.component for each in blocked_on(shop, "web", ready, failed)] == chain


def test_a_dense_graph_is_searched_in_no_time() -> None:
    """Every component uses the 16 before it: there are more paths than anybody can walk."""
    names = [f"c{number}" for number in range(32)]
    shop = services(**{name: names[max(0, i - 16) : i] for i, name in enumerate(names)})

    assert blocked_on(shop, "c31", [], [])[-1].component == "c0"


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, list[str]]:
    names = [f"c{number}" for number in range(draw(st.integers(1, 8)))]
    order = draw(st.permutations(names))
    uses: dict[str, Any] = {}
    for name in names:
        earlier = order[: order.index(name)]
        uses[name] = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
    return uses


@given(acyclic())
def test_nothing_starts_before_what_it_uses(uses: dict[str, list[str]]) -> None:
    waves = start_order(services(**uses))
    position = {name: number for number, wave in enumerate(waves) for name in wave}

    assert sorted(position) == sorted(uses)
    assert all(position[other] < position[name] for name, others in uses.items() for other in others)
