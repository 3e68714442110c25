"""What was acknowledged is kept, whoever dies: each service in turn, then the broker, then the database, by SIGKILL.

And what is only helpful (the cache, analytics, Telegram) may be away without anybody being refused. Small in a normal
run; the numbers of the long campaign are the issue's.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from integration.services.stack import stored
from integration.services.stack.callers import PATIENCE_SECONDS, Caller, register
from integration.services.stack.ledger import Ledger, analytics_faults
from integration.services.stack.stack import BOT_API, Stack, Victim
from integration.services.waiting import until

CALLERS = 6
SEED = 4
SETTLE_SECONDS = 90
FOLLOWING = {"due_soon": 1, "overdue": 1}


@dataclass(frozen=True)
class Campaign:
    """How often each victim dies, how many creates must be acknowledged at least, how long an outage lasts."""

    deaths: int
    creates: int
    outage_seconds: float


SHORT = pytest.param(Campaign(deaths=1, creates=300, outage_seconds=5), id="short")
LONG = pytest.param(Campaign(deaths=10, creates=2_000, outage_seconds=30), id="long", marks=pytest.mark.soak)


@asynccontextmanager
async def writing(stack: Stack, enough: Callable[[Ledger], bool]) -> AsyncIterator[tuple[Ledger, list[int]]]:
    """Callers who create tasks meanwhile, and after the body for as long as it is not *enough*: their ledger, and
    who they are.
    """
    ledger, over = Ledger(), asyncio.Event()
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=PATIENCE_SECONDS) as api:
        callers = [await register(api) for _ in range(CALLERS)]
        async with asyncio.TaskGroup() as creating:
            for caller in callers:
                creating.create_task(caller.keep_creating(ledger, lambda: over.is_set() and enough(ledger)))
            try:
                yield ledger, [caller.user_id for caller in callers]
            finally:
                over.set()


async def die(victim: Victim) -> None:
    """Killed, and ready again."""
    await asyncio.to_thread(victim.kill)
    await asyncio.to_thread(victim.resume)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("campaign", [SHORT, LONG])
async def test_nothing_acknowledged_is_lost_whoever_is_killed(stack: Stack, campaign: Campaign) -> None:
    moments = random.Random(SEED)
    async with writing(stack, lambda ledger: len(ledger.acknowledged) >= campaign.creates) as (ledger, users):
        for victim in stack.victims().values():
            for _ in range(campaign.deaths):
                await asyncio.sleep(moments.uniform(1, 2))
                await die(victim)
    await until(lambda: settled(stack, ledger, users), SETTLE_SECONDS, expected=[])
    tasks = await stored.tasks(stack, users)
    told = await stored.reminders(stack, users)
    assert {task: told[task] for task, _, _ in tasks} == {task: FOLLOWING for task, _, _ in tasks}
    assert unexpected(stack) == []


def unexpected(stack: Stack) -> list[str]:
    """Requests that were answered 500: what somebody forgot to expect of a neighbour that dies."""
    return [line for member in stack.members.values() for line in member.lines('"event":"request failed"')]


async def settled(stack: Stack, ledger: Ledger, users: list[int]) -> list[str]:
    """What is still, or for ever, wrong."""
    tasks = await stored.tasks(stack, users)
    actions = await asyncio.to_thread(stored.actions, stack, users)
    told = await stored.reminders(stack, users)
    return [
        *ledger.faults([(task, title) for task, title, _ in tasks]),
        *analytics_faults([task for task, _, _ in tasks], actions),
        *(f"task {task} is still {status}" for task, _, status in tasks if status != "active"),
        *(f"task {task} has reminders {told[task]}" for task, _, _ in tasks if told[task] != FOLLOWING),
    ][:20]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("away", ["redis", "mongodb"])
@pytest.mark.parametrize("campaign", [SHORT, LONG])
async def test_creates_go_on_without(away: str, campaign: Campaign, stack: Stack) -> None:
    victim = stack.backends[away]
    async with httpx.AsyncClient(base_url=stack.urls["api"], timeout=PATIENCE_SECONDS) as api:
        caller = await register(api)
        await asyncio.to_thread(victim.kill)
        try:
            answers = await creating_for(campaign.outage_seconds, caller)
        finally:
            await asyncio.to_thread(victim.resume)
        assert {answer.status_code for answer in answers} == {201}
        made = {answer.json()["id"]: ["created"] for answer in answers}
        await until(lambda: asyncio.to_thread(stored.actions, stack, [caller.user_id]), SETTLE_SECONDS, expected=made)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("campaign", [SHORT, LONG])
async def test_creates_go_on_without_telegram_and_are_told_of_later(campaign: Campaign, stack: Stack) -> None:
    async with (
        httpx.AsyncClient(base_url=stack.urls["api"], timeout=PATIENCE_SECONDS) as api,
        httpx.AsyncClient(base_url=stack.urls[BOT_API]) as telegram,
    ):
        caller, chat = await register(api), random.randrange(10**6, 10**9)
        await caller.link_chat(stack.bot_credential, chat)
        await telegram.post("/control/messages", json={"chat_id": chat, "text": "hello"})
        await until(lambda: told(telegram, chat))
        await telegram.post("/control/faults", json={"kind": "disconnect", "seconds": campaign.outage_seconds})
        answers = await creating_for(campaign.outage_seconds, caller, pause=campaign.outage_seconds / 10)
        assert {answer.status_code for answer in answers} == {201}
        titles = sorted(answer.json()["title"] for answer in answers)
        await until(lambda: told(telegram, chat, *titles), SETTLE_SECONDS, expected=titles)


async def creating_for(seconds: float, caller: Caller, pause: float = 0) -> list[httpx.Response]:
    """The answers to urgent creates, one after the other within so many seconds."""
    clock = asyncio.get_running_loop().time
    answers: list[httpx.Response] = []
    ends = clock() + seconds
    while clock() < ends:
        answers.append(await caller.create(title=f"task number {len(answers) + 1}.", priority="urgent"))
        await asyncio.sleep(pause)
    return answers


async def told(telegram: httpx.AsyncClient, chat: int, *titles: str) -> list[str]:
    """Which of these titles the bot has told the chat of, each as often as it did; without titles, all it said."""
    said = (await telegram.get(f"/control/chats/{chat}/messages", params={"by": "bot"})).json()
    texts = [each["text"] for each in said]
    return sorted(title for title in titles for text in texts if title in text) if titles else texts
