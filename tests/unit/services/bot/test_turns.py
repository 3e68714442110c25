"""Each chat's work in order, all chats at once."""

import asyncio

from usecase_bot.turns import Turns


async def test_one_chat_waits_for_itself_and_for_nobody_else() -> None:
    turns, done, gate = Turns(), list[str](), asyncio.Event()

    async def work(name: str, wait: bool = False) -> None:
        if wait:
            await gate.wait()
        done.append(name)

    slow = [turns.take(1, work("first", wait=True)), turns.take(1, work("second"))]
    await asyncio.wait_for(turns.take(2, work("other")), 5)
    assert done == ["other"]
    gate.set()
    await asyncio.wait_for(asyncio.gather(*slow), 5)
    assert done == ["other", "first", "second"]


async def test_what_is_done_is_forgotten() -> None:
    turns = Turns()
    await turns.take(1, asyncio.sleep(0))
    await asyncio.sleep(0)
    assert (turns.in_hand, turns._last) == (set(), {})
