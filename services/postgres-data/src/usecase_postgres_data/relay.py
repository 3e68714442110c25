"""The outbox relay: from the table to the broker, each stream in order, as soon as it is committed (design
§7).

Any number of replicas relay at once and none of them leads: a row is in the hands of the transaction that
locked it. A killed relay's rows are free with its connection; what it had published may be published again,
and consumers know it by its event id.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

import structlog
from prometheus_client import Counter, Gauge

from usecase_messaging.publish import Publisher
from usecase_postgres_data.database import FAILURE, LONGEST_WAIT_SECONDS, Connection, Pool, connect
from usecase_postgres_data.domain import next_try_in
from usecase_postgres_data.lateness import keep_true
from usecase_postgres_data.store import outbox
from usecase_postgres_data.store.outbox import Taken
from usecase_runtime.errors import NotTaken, Unavailable, Unroutable
from usecase_runtime.server import unless

BATCH = 500
WINDOW = 64
"""Messages that wait for their confirm at the same time."""
BACKSTOP_SECONDS = 1.0
"""A wake-up that got lost delays by this much; it also finds rows whose next try has come."""
FIRST_WAIT_SECONDS = 0.5
"""After a failure of PostgreSQL; doubled after each that follows at once."""

RELAYED = Counter("outbox_relayed", "Messages the broker has confirmed", ["exchange"])
UNROUTABLE = Counter("outbox_unroutable", "Tries for which no queue was bound", ["exchange", "routing_key"])
AGE = Gauge("outbox_oldest_seconds", "How long the oldest message has waited for its confirm")
_log = structlog.get_logger()


async def relay(dsn: str, publisher: Publisher, stop: asyncio.Event) -> None:
    """Relay until `stop` is set and the batch in hand is done; what fails is tried again on a new connection."""
    clock, wait = asyncio.get_running_loop().time, FIRST_WAIT_SECONDS
    while not stop.is_set():
        began = clock()
        try:
            connection = await connect(dsn)
            try:
                await _relay_by(connection, publisher, stop)
            finally:
                connection.terminate()
        except FAILURE as error:
            wait = FIRST_WAIT_SECONDS if clock() - began > LONGEST_WAIT_SECONDS else wait
            reason = f"{type(error).__name__}: {error}"
            _log.warning("the relay starts again: PostgreSQL failed", reason=reason, again_in=wait)
            await unless(stop, asyncio.sleep(wait))
            wait = min(wait * 2, LONGEST_WAIT_SECONDS)


async def watch_age(pool: Pool) -> None:
    """Keep the gauge true, also while the relay waits for the broker. Runs until cancelled."""
    await keep_true(AGE, pool, outbox.oldest_age)


async def _relay_by(connection: Connection, publisher: Publisher, stop: asyncio.Event) -> None:
    woken = asyncio.Event()
    await connection.add_listener(outbox.CHANNEL, lambda *_: woken.set())
    while not stop.is_set():
        await publisher.connected.wait()
        woken.clear()
        if not await relay_batch(connection, publisher):
            with suppress(TimeoutError):
                async with asyncio.timeout(BACKSTOP_SECONDS):
                    await woken.wait()


async def relay_batch(connection: Connection, publisher: Publisher) -> int:
    """Relay what is first in each stream, up to BATCH rows. Answers how many found an end or a new time;
    while it is not 0, there may be more: the next rows of the same streams.
    """
    async with connection.transaction():
        taken = await outbox.take(connection, BATCH)
        confirmed, refused = await _publish(taken, publisher)
        if confirmed:
            await outbox.confirm(connection, [row.id for row in confirmed])
        if refused:
            await outbox.postpone(connection, {row.id: next_try_in(row.tries) for row in refused})
    for row in confirmed:
        RELAYED.labels(row.exchange).inc()
    return len(confirmed) + len(refused)


async def _publish(rows: Sequence[Taken], publisher: Publisher) -> tuple[list[Taken], list[Taken]]:
    """Publish all, WINDOW at a time. Answers what was confirmed, and what a broker that is there did not take: those
    have to make room for others. Where the broker went away nothing is anybody's fault, and all stays as it is.

    Copies of one event, to two exchanges, take turns: the client library finds what was returned by its message id, and
    would take the other copy for it.
    """
    window = asyncio.Semaphore(WINDOW)
    turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
    confirmed: list[Taken] = []
    refused: list[Taken] = []

    async def publish(row: Taken) -> None:
        async with turns[row.event_id], window:
            try:
                await publisher.publish(
                    row.exchange, row.routing_key, row.body, message_id=row.event_id, headers=row.headers
                )
                confirmed.append(row)
            except Unroutable as error:
                refused.append(row)
                UNROUTABLE.labels(row.exchange, row.routing_key).inc()
                _log.error("message is unroutable, kept", event_id=row.event_id, tries=row.tries + 1, reason=str(error))
            except Unavailable as error:
                if isinstance(error, NotTaken):
                    refused.append(row)
                _log.warning("message not confirmed, kept", event_id=row.event_id, reason=str(error))

    await asyncio.gather(*(publish(row) for row in rows))
    return confirmed, refused
