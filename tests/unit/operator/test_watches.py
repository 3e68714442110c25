"""Whether a pass may run on what is seen of its namespace, and what becomes of a namespace that is gone."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from usecase_operator.cluster.autoscalers import ForeignAutoscalers
from usecase_operator.cluster.children import Children
from usecase_operator.cluster.pods import Pods
from usecase_operator.watches import LOST_SECONDS, Scope, scopes


@dataclass
class Watch:
    lost: bool = False
    synced: asyncio.Event = field(default_factory=asyncio.Event)


def scope(*watches: Watch) -> tuple[Scope, list[str]]:
    """And what was told."""
    told: list[str] = []
    made = Scope("shops", lambda: told.append("news"))
    made.reflectors = list(watches)  # type: ignore[arg-type]
    return made, told


def test_a_pass_waits_until_everything_was_seen() -> None:
    watches = Watch(), Watch()
    made, told = scope(*watches)
    watches[0].synced.set()
    made.look()
    assert not made.admits(ending=False)
    assert not made.admits(ending=True)
    assert told == []
    watches[1].synced.set()
    made.look()
    assert made.admits(ending=False)
    assert told == ["news"]


def test_where_nothing_can_be_seen_only_an_end_goes_on() -> None:
    made, told = scope(Watch(), Watch(lost=True))
    made.look()
    assert made.admits(ending=True)
    assert not made.admits(ending=False)
    assert told == ["news"]


def test_what_was_seen_before_the_namespace_was_lost_still_counts() -> None:
    """Who takes the operator's rights away for a while is told by conditions of what could not be applied."""
    watch = Watch()
    watch.synced.set()
    made, _ = scope(watch)
    watch.lost = True
    made.look()
    assert made.admits(ending=False)


def test_a_lost_namespace_is_told_once_and_again_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watches = Watch(), Watch()
    made, _ = scope(*watches)
    for each in watches:
        each.lost = True
        made.look()
    for each in watches:
        each.lost = False
        made.look()
    lost, found = caplog.records
    assert (lost.levelname, lost.namespace) == ("WARNING", "shops")  # type: ignore[attr-defined]
    assert "take it out of watchNamespaces" in lost.message
    assert (found.levelname, found.message) == ("INFO", "a namespace is served again")


def made_for(*namespaces: str) -> list[Scope]:
    nobody: Any = None
    mirrors = Children(nobody), Pods(nobody), ForeignAutoscalers(nobody)
    return scopes(nobody, namespaces, *mirrors, keda=lambda _: None, changed=lambda: None)


async def test_each_namespace_is_a_scope_of_its_own() -> None:
    made = made_for("one", "two")
    assert [each.namespace for each in made] == ["one", "two"]
    for each in made:
        assert {"deployments", "pods", "scaledobjects"} <= {watch.url.split("/")[-1] for watch in each.reflectors}
        assert all(f"/namespaces/{each.namespace}/" in watch.url for watch in each.reflectors)


async def test_only_a_namespace_may_be_lost() -> None:
    """Who serves the cluster and may not watch it lacks rights: nothing can go on without them."""
    for namespaces, patience in (("one",), LOST_SECONDS), ((), None):
        (made,) = made_for(*namespaces)
        assert {each._patience for each in made.reflectors} == {patience}
