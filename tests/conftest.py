"""Rooms give markers: a test's folder says what it needs to run. A bare `pytest` never starts a cluster."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cluster import evidence

pytest_plugins = ["cluster.fixtures"]

ROOMS = ("unit", "contract", "integration", "e2e", "bench")
BARE = ("unit", "contract")  # what `pytest` runs that names no folder
HERE = Path(__file__).parent
CAMPAIGN_SECONDS = 2 * 3600  # for a long campaign that says no limit of its own

# No test depends on the machine's speed: hypothesis would call a busy one a failure.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long campaigns instead of the short tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by its room, run the rooms from cheap to dear, and keep the long campaigns apart."""
    room = {item: item.path.relative_to(HERE).parts[0] for item in items}
    for item in items:
        if room[item] in ROOMS:
            item.add_marker(room[item])
        if item.get_closest_marker("soak") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(CAMPAIGN_SECONDS))
    items.sort(key=lambda item: ROOMS.index(room[item]))
    wanted = config.getoption("--soak")
    named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    dropped = [
        item
        for item in items
        if (item.get_closest_marker("soak") is not None) != wanted or not (named or room[item] in BARE)
    ]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in set(dropped)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    evidence.of_failed(item, report, Path(os.environ.get("EVIDENCE", "build/evidence")))
    return report
