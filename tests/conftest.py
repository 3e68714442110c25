"""Rooms give markers: a test's folder says what it needs to run. A bare `pytest` never starts a cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import evidence

pytest_plugins = ["cluster.fixtures"]

ROOMS = ("unit", "contract", "integration", "e2e", "bench")
HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long campaigns instead of the short tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by its room, run the rooms from cheap to dear, and keep the long campaigns apart."""
    for item in items:
        room = item.path.relative_to(HERE).parts[0]
        if room in ROOMS:
            item.add_marker(room)
    items.sort(key=lambda item: ROOMS.index(item.path.relative_to(HERE).parts[0]))
    wanted = config.getoption("--soak")
    dropped = [item for item in items if (item.get_closest_marker("soak") is not None) != wanted]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    evidence.remember(item, report)
    return report
