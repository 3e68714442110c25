"""Request ids of what people do in their chats. They travel with the task's messages, so that a notification about
something that its reader has just done, and was answered, is known as such. Pure.
"""


def request_of(bot_id: int, update_id: int) -> str:
    """The id of the request that an update is."""
    return f"telegram-{bot_id}-{update_id}"


def is_of(bot_id: int, request_id: str | None) -> bool:
    """Whether the request came through this bot."""
    return (request_id or "").startswith(f"telegram-{bot_id}-")
