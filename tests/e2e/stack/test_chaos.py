"""Pods of the stack are killed at random, any of them, while users create tasks: what was acknowledged is there."""

import asyncio
import random
from dataclasses import dataclass

import httpx
import pytest

from e2e.stack.deployed import Deployed
from e2e.stack.kept import nothing_is_lost
from integration.services.stack.callers import PATIENCE_SECONDS, register
from integration.services.stack.ledger import Ledger

CALLERS = 6
SEED = 6
PAUSE_SECONDS = 2


@dataclass(frozen=True)
class Campaign:
    """Pods die until so many creates are acknowledged and so many have died."""

    creates: int
    deaths: int


SHORT = pytest.param(Campaign(creates=150, deaths=10), id="short")
LONG = pytest.param(Campaign(creates=1_000, deaths=60), id="long", marks=pytest.mark.soak)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("campaign", [SHORT, LONG])
async def test_nothing_acknowledged_is_lost_while_pods_are_killed(deployed: Deployed, campaign: Campaign) -> None:
    chance, ledger = random.Random(SEED), Ledger()
    killed: list[str] = []
    async with httpx.AsyncClient(base_url=deployed.api, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        callers = [await register(api) for _ in range(CALLERS)]

        def enough() -> bool:
            return len(ledger.acknowledged) >= campaign.creates and len(killed) >= campaign.deaths

        async with asyncio.TaskGroup() as running:
            for caller in callers:
                running.create_task(caller.keep_creating(ledger, enough))
            while not enough():
                killed.append(await asyncio.to_thread(kill_one, deployed, chance))
                await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.to_thread(deployed.settled)  # the last one killed may be a database, which is read now
    kept = await nothing_is_lost(deployed, ledger, [caller.user_id for caller in callers])
    print(f"{len(ledger.acknowledged)} acknowledged, {kept} stored, {len(killed)} pods killed: {sorted(killed)}")


def kill_one(deployed: Deployed, chance: random.Random) -> str:
    """Kill any pod. A StatefulSet's is given the second that keeps two servers from opening one volume, which is what
    Kubernetes' documentation says of `--force`; the others get none.
    """
    pods = {
        pod["metadata"]["name"]: pod["metadata"].get("ownerReferences", [{}])[0].get("kind") for pod in deployed.pods()
    }
    victim: str = chance.choice(sorted(pods))
    how = ("--grace-period=1",) if pods[victim] == "StatefulSet" else ("--grace-period=0", "--force")
    deployed.kubectl("delete", "pod", victim, "--wait=false", "--ignore-not-found", *how)
    return victim.removeprefix(f"{deployed.release}-")
