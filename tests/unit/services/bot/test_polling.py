"""What a bot that is stopped confirms to Telegram: all that it has finished, and nothing behind what it has not."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from usecase_bot import polling


class Telegram:
    """Answers with *batches*, one after the other, then with nothing. Keeps the offsets that it is asked with."""

    id = 1

    def __init__(self, *batches: list[Any]) -> None:
        self.offsets: list[int | None] = []
        self._batches = list(batches)

    async def get_updates(self, offset: int | None, *_: Any, **__: Any) -> list[Any]:
        self.offsets.append(offset)
        return self._batches.pop(0) if self._batches else []


class Slow:
    """A dispatcher that never finishes the updates of chat 9; the bot is stopped while it handles update *last*."""

    def __init__(self, stop: asyncio.Event, last: int) -> None:
        self._stop, self._last = stop, last

    async def feed_update(self, _: Any, update: Any) -> None:
        if update.update_id == self._last:
            self._stop.set()
        if update.message.from_user.id == 9:
            await asyncio.Event().wait()


def update(number: int, chat: int) -> Any:
    person = SimpleNamespace(from_user=SimpleNamespace(id=chat))
    return SimpleNamespace(update_id=number, message=person, callback_query=None)


@pytest.mark.parametrize(
    ("batches", "confirmed"),
    [
        pytest.param([[update(1, 7), update(2, 8)]], 3, id="all-finished"),
        pytest.param([[update(1, 7), update(2, 9), update(3, 8)]], 2, id="one-is-not"),
        pytest.param([[update(1, 9)], [update(2, 7)]], 3, id="one-of-an-earlier-batch-is-not"),
    ],
)
async def test_what_is_finished_does_not_come_again(
    batches: list[list[Any]], confirmed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def introduced(*_: Any) -> None:
        return None

    monkeypatch.setattr(polling, "introduce", introduced)
    monkeypatch.setattr(polling, "HOLD_SECONDS", 0.05)
    telegram, stop = Telegram(*batches), asyncio.Event()
    dispatcher = Slow(stop, batches[-1][-1].update_id)
    async with asyncio.timeout(5):
        await polling.poll(telegram, dispatcher, None, stop, grace=0.01)  # type: ignore[arg-type]
    assert telegram.offsets[-1] == confirmed
