"""A ledger of what callers were told, held against what the deployed stack has stored in the end."""

import asyncio
from collections.abc import Sequence

from e2e.stack.deployed import Deployed, Stores
from integration.services.stack import stored
from integration.services.stack.ledger import Ledger, analytics_faults
from integration.services.waiting import until

SETTLE_SECONDS = 90
FOLLOWING = {"due_soon": 1, "overdue": 1}
"""The reminders of a task that has a due date: one of each kind."""


async def nothing_is_lost(deployed: Deployed, ledger: Ledger, users: Sequence[int]) -> int:
    """Each acknowledged task is there once, was told of, is counted once, and has its reminders once; how many there
    are. AssertionError with what is still wrong after a while.
    """
    with deployed.stores() as stores:
        await until(lambda: faults(stores, ledger, users), SETTLE_SECONDS, expected=[])
        return len(await stored.tasks(stores, users))


async def faults(stores: Stores, ledger: Ledger, users: Sequence[int]) -> list[str]:
    """What is still, or for ever, wrong."""
    tasks = await stored.tasks(stores, users)
    told = await stored.reminders(stores, users)
    actions = await asyncio.to_thread(stored.actions, stores, users)
    return [
        *ledger.faults([(task, title) for task, title, _ in tasks]),
        *analytics_faults([task for task, _, _ in tasks], actions),
        *(f"task {task} is still {status}" for task, _, status in tasks if status != "active"),
        *(f"task {task} has reminders {told.get(task)}" for task, _, _ in tasks if told.get(task) != FOLLOWING),
    ][:20]
