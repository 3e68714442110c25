"""The whole is tested with the demo server in Telegram's place, whatever token the person who runs it has set."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_bot_of_somebodys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("BOT_TOKEN", raising=False)
        yield
