"""What is in the outbox, as messages."""

from typing import Any

from usecase_contracts import messages
from usecase_postgres_data.database import Pool


async def outbox(pool: Pool) -> list[tuple[str, str, Any]]:
    """Exchange, routing key and message of every row, in order; each is checked against the contract."""
    rows = await pool.fetch("select exchange, routing_key, body from outbox order by id")
    return [(row["exchange"], row["routing_key"], messages.parse(row["body"].encode())) for row in rows]


async def told(pool: Pool) -> list[str]:
    """The event types of what goes to `task_events`, in order."""
    return [message.event_type for exchange, _, message in await outbox(pool) if exchange == "task_events"]
