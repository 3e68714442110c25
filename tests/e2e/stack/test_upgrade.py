"""Every component gets another image, and the old one back, while users go on: nobody is refused, nothing is lost."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cluster import bringup, stack
from e2e.stack.deployed import Deployed
from e2e.stack.kept import nothing_is_lost
from e2e.stack.load import PATIENT, loaded

RATE = 50
SUFFIX = "-again"


@contextmanager
def renamed_images(deployed: Deployed) -> Iterator[dict[str, str]]:
    """The same contents by another tag, on every node: to Kubernetes, other images. Component's key → tag."""
    kind, references = bringup.running(), [deployed.cluster.references[name] for name in stack.COMPONENTS.values()]
    for node in kind.nodes():
        for reference in references:
            kind.in_node(node, f"ctr --namespace k8s.io images tag --force {reference} {reference}{SUFFIX}")
    try:
        yield {key: deployed.values[key]["image"]["tag"] + SUFFIX for key in stack.COMPONENTS}
    finally:
        for node in kind.nodes():
            kind.in_node(node, "ctr --namespace k8s.io images rm " + " ".join(f"{each}{SUFFIX}" for each in references))


@pytest.mark.soak  # seven minutes
@pytest.mark.timeout(900)
async def test_upgrade_and_rollback_under_load_refuse_nobody_and_lose_nothing(deployed: Deployed) -> None:
    with renamed_images(deployed) as tags:
        changed = {
            key: {**PATIENT.get(key, {}), "image": {**deployed.values[key]["image"], "tag": tag}}
            for key, tag in tags.items()
        }
        await asyncio.to_thread(deployed.upgrade, **PATIENT)
        async with loaded(deployed.api, RATE) as load:
            await asyncio.to_thread(deployed.upgrade, **changed)
            for key, tag in tags.items():
                assert deployed.tag(stack.COMPONENTS[key]) == tag
            await asyncio.to_thread(deployed.rollback)
            for key in tags:
                assert deployed.tag(stack.COMPONENTS[key]) == deployed.values[key]["image"]["tag"]
    print(load.told())
    assert not load.faults, "\n".join(load.faults[:20])
    assert await nothing_is_lost(deployed, load.ledger, load.users) == len(load.ledger.acknowledged)
