"""The outbox: messages stored with what they tell, taken by any relay, gone once the broker has them (design
§7).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from usecase_contracts.topology import TASK_EVENTS
from usecase_postgres_data.database import Connection, Pooled
from usecase_postgres_data.messages import Outgoing
from usecase_runtime.context import request_id, traceparent

CHANNEL = "outbox"
"""`NOTIFY` channel that says: there is something to relay."""

_ENQUEUE = f"""
with rows as (
  insert into outbox (event_id, task_id, exchange, routing_key, body, request_id, traceparent)
  select *, $6, $7 from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[])
)
select pg_notify('{CHANNEL}', '')"""

# The head of every stream, so that any number of relays share the work and each stream keeps its order: a later row
# is nobody's before the earlier one is gone, and a row that waits for its next try holds back its own stream only.
_TAKE = """
select id, event_id, exchange, routing_key, body, request_id, traceparent, tries from outbox o
where next_try <= now() and not exists (
  select from outbox p where p.task_id = o.task_id and p.exchange = o.exchange and p.id < o.id)
order by id limit $1 for update skip locked"""

# Only the stream of task events activates: the copies in other exchanges may be in another relay's hands at the same
# moment, and two relays that lock the same tasks in different order would deadlock.
_CONFIRM = f"""
with gone as (delete from outbox where id = any($1::bigint[]) returning task_id, exchange)
update tasks t set status = 'active' from gone
where t.id = gone.task_id and gone.exchange = '{TASK_EVENTS}' and t.status = 'pending'"""

_POSTPONE = """
update outbox o set tries = o.tries + 1, next_try = now() + w.seconds * interval '1 second'
from unnest($1::bigint[], $2::int[]) as w (id, seconds) where o.id = w.id"""

_AGE = "select extract(epoch from now() - created_at)::float8 from outbox order by id limit 1"


@dataclass(frozen=True)
class Taken:
    """One row in a relay's hands."""

    id: int
    event_id: str
    exchange: str
    routing_key: str
    body: bytes
    headers: dict[str, str]
    tries: int


async def enqueue(connection: Pooled, outgoing: Sequence[Outgoing]) -> None:
    """Store messages inside the transaction of what they tell, and wake the relays when it commits."""
    rows = [(each.event_id, each.task_id, each.exchange, each.routing_key, each.body) for each in outgoing]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_ENQUEUE, *columns, request_id.get(), traceparent.get())


async def take(connection: Connection, most: int) -> list[Taken]:
    """Lock up to `most` publishable rows for this transaction; rows in other relays' hands are passed over."""
    return [
        Taken(
            row["id"],
            str(row["event_id"]),
            row["exchange"],
            row["routing_key"],
            row["body"].encode(),
            {
                header: value
                for header, value in (
                    ("x-request-id", row["request_id"]),
                    ("traceparent", row["traceparent"]),
                )
                if value
            },
            row["tries"],
        )
        for row in await connection.fetch(_TAKE, most)
    ]


async def confirm(connection: Connection, ids: Sequence[int]) -> None:
    """Forget what the broker has, and turn its tasks from pending into active."""
    await connection.execute(_CONFIRM, ids)


async def postpone(connection: Connection, waits: dict[int, int]) -> None:
    """Keep rows for a later try, `waits` seconds from now by id."""
    await connection.execute(_POSTPONE, list(waits), list(waits.values()))


async def oldest_age(connection: Pooled) -> float:
    """Seconds that the oldest row has waited; 0 when there is none."""
    return await connection.fetchval(_AGE) or 0.0
