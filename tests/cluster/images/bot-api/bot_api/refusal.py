"""How the Bot API says no, in Telegram's words."""

from typing import Any


class Refusal(Exception):  # noqa: N818 - read as a sentence: `raise Refusal(...)`
    """An answer with `ok: false`. `parameters` are what a program may act on."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        return found | ({"parameters": self.parameters} if self.parameters else {})


def bad_request(reason: str) -> Refusal:
    return Refusal(400, f"Bad Request: {reason}")
