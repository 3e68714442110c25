"""The stack as `make up` installs it, for every test of this folder; taken off again if it was not there before."""

from collections.abc import Iterator

import pytest

from cluster import bringup, stack
from cluster.fixtures import Cluster
from e2e.stack.deployed import Deployed


@pytest.fixture(scope="package")
def made_up(cluster: Cluster) -> Iterator[Deployed]:
    """Installed or mended: upgraded in place to what `make up` gives, whatever the last run left behind."""
    cluster.kubectl("uncordon", "--selector", "kubernetes.io/hostname")
    there = stack.RELEASE in cluster.helm("list", "--all-namespaces", "--short", "--filter", f"^{stack.RELEASE}$")
    bringup.stack_up()
    api = f"http://localhost:{bringup.running().api_port()}"
    yield Deployed(cluster, api, stack.stack_values(cluster.references))
    if not there:
        bringup.stack_down()


@pytest.fixture
def deployed(made_up: Deployed) -> Deployed:
    """The same, Ready, whatever the test before did to it."""
    made_up.settled()
    return made_up
