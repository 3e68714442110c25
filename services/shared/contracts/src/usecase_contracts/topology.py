"""Names that messages travel by: exchanges, routing keys, queues and their bindings (design §7).

Only the operator declares these; services open them passively. A contract test holds them against
`crds/examples/task-management.yaml`.
"""

from typing import NamedTuple

TASK_EVENTS = "task_events"
URGENT_NOTIFICATIONS = "urgent_notifications"
REMINDERS = "reminders"
EXCHANGES = (TASK_EVENTS, URGENT_NOTIFICATIONS, REMINDERS)
"""All durable topic exchanges."""

TASK_REMINDERS_QUEUE = "task_reminders"
TASK_ANALYTICS_QUEUE = "task_analytics"
BOT_NOTIFICATIONS_QUEUE = "bot_notifications"

URGENT_KEY = "urgent.task"
REMINDER_DUE_KEY = "reminder.due"


def task_key(event_type: str) -> str:
    """The seed's formula, read literally: `task_created` travels by `task.task_created` (contract 4.3)."""
    return f"task.{event_type}"


class Binding(NamedTuple):
    queue: str
    exchange: str
    routing_key: str


BINDINGS = (
    Binding(TASK_REMINDERS_QUEUE, TASK_EVENTS, "task.#"),
    Binding(TASK_ANALYTICS_QUEUE, TASK_EVENTS, "task.#"),
    Binding(BOT_NOTIFICATIONS_QUEUE, URGENT_NOTIFICATIONS, URGENT_KEY),
    Binding(BOT_NOTIFICATIONS_QUEUE, REMINDERS, REMINDER_DUE_KEY),
)


def retry_of(queue: str) -> str:
    """Name of the fanout exchange, and of the queue behind it, in which a message waits for its next try."""
    return f"{queue}.retry"


def dlq_of(queue: str) -> str:
    """Name of the queue that keeps what a consumer refused for good."""
    return f"{queue}.dlq"
