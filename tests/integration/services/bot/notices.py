"""Messages for the bot's queue, published as the relay publishes them."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from integration.services.broker import Vhost
from usecase_contracts.messages import DueReminder, ReminderDue, serialize
from usecase_contracts.topology import REMINDER_DUE_KEY, REMINDERS


def reminder(chat: int | None, **changed: Any) -> ReminderDue:
    """A reminder for this chat."""
    now = datetime.now(UTC)
    known: dict[str, Any] = {
        "reminder_id": 1, "kind": "custom", "reminder_time": now, "message": "Take the bag", "id": 12, "user_id": 3,
        "telegram_id": chat, "title": "Fly", "description": None, "priority": "medium", "due_date": None,
    }  # fmt: skip
    data = DueReminder(**known | changed)
    return ReminderDue(event_id=uuid4(), timestamp=now, source_service="task_api_service", data=data)


def publish(vhost: Vhost, message: ReminderDue | bytes) -> None:
    """To the exchange and by the key of reminders."""
    payload = message if isinstance(message, bytes) else serialize(message)
    body = {
        "properties": {"delivery_mode": 2, "message_id": str(uuid4())},
        "routing_key": REMINDER_DUE_KEY,
        "payload": payload.decode(),
        "payload_encoding": "string",
    }
    answer = vhost.request("POST", f"/exchanges/{{v}}/{REMINDERS}/publish", content=json.dumps(body))
    assert answer.json() == {"routed": True}, answer.text
