"""A person in a private chat with the bot, on the fake Bot API server."""

from itertools import count
from typing import Any

from cluster.polling import eventually
from integration.services.bot.fake_telegram import FakeTelegram

ANSWER_SECONDS = 20
_ids = count(1001)
Said = dict[str, Any]


class Chat:
    """Everybody new has an id of their own."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self.telegram, self.id = telegram, next(_ids)

    def say(self, text: str, **more: Any) -> Said:
        """Write to the bot, without waiting."""
        said: Said = self.telegram.control("POST", "messages", chat_id=self.id, text=text, **more)
        return said

    def ask(self, text: str, **more: Any) -> Said:
        """Write to the bot; its answer."""
        before = len(self.read())
        self.say(text, **more)
        return self.next_after(before)

    def send(self, kind: str = "documents", **about: Any) -> Said:
        """Send a file; the bot's last answer to it."""
        before = len(self.read())
        known = {"file_name": "report.pdf", "mime_type": "application/pdf", "file_size": 5000}
        sent = {name: value for name, value in (known | about).items() if value is not None}
        self.telegram.control("POST", kind, chat_id=self.id, **sent)
        return self.next_after(before)

    def press(self, message: Said, label: str) -> Said:
        """Press the button with this in its label; how the bot answered."""
        buttons = [each for row in message["buttons"] for each in row]
        (data,) = [each["data"] for each in buttons if label in each["text"]]
        pressed = self.telegram.control(
            "POST", "presses", chat_id=self.id, message_id=message["message_id"], data=data
        )  # fmt: skip
        path = f"presses/{pressed['query_id']}"
        eventually(lambda: self.telegram.control("GET", path)["answered"], ANSWER_SECONDS, "the button's answer", 0.02)
        answer: Said = self.telegram.control("GET", path)
        return answer

    def read(self) -> list[Said]:
        """What the bot wrote here."""
        return self.telegram.messages(self.id)

    def now(self, message: Said) -> Said:
        """The message as it is now."""
        (found,) = [each for each in self.read() if each["message_id"] == message["message_id"]]
        return found

    def next_after(self, before: int, seconds: float = ANSWER_SECONDS) -> Said:
        """The bot's next message after so many."""
        eventually(lambda: len(self.read()) > before, seconds, f"message {before + 1} in chat {self.id}", every=0.02)
        return self.read()[before]

    def finds(self, words: str, seconds: float = ANSWER_SECONDS) -> Said:
        """The first message of the bot with these words, as soon as there is one."""
        found: Said = eventually(
            lambda: next((each for each in self.read() if words in each["text"]), None),
            seconds,
            f"{words!r}",
            every=0.02,
        )
        return found


def labels(message: Said) -> list[str]:
    """What is written on the buttons of a message."""
    return [each["text"] for row in message["buttons"] for each in row]
