"""Inline keyboards, checked as Telegram checks them. Pure."""

import json
from typing import Any

from bot_api.refusal import bad_request

LONGEST_DATA = 64
MOST_BUTTONS = 100
ACTIONS = {"callback_data", "url", "switch_inline_query", "switch_inline_query_current_chat", "web_app", "login_url"}


def read(parameter: str | None) -> dict[str, Any] | None:
    """The `reply_markup` parameter; None where there is none, or no button in it."""
    if not parameter:
        return None
    try:
        markup = json.loads(parameter)
        rows = markup["inline_keyboard"]
        buttons = [button for row in rows for button in row]
        for button in buttons:
            _check(button)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise bad_request("can't parse reply keyboard markup JSON object") from None
    if len(buttons) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": rows} if buttons else None


def _check(button: dict[str, Any]) -> None:
    if not str(button["text"]).strip():
        raise bad_request("inline keyboard button text is empty")
    if len(ACTIONS & button.keys()) != 1:
        raise bad_request("Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
