"""The connections of this process to PostgreSQL, and how an outage of it reads to a caller."""

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
import structlog

from usecase_http.problem import Problem
from usecase_runtime.settings import BadVariable

if TYPE_CHECKING:  # generic for the type checker only
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
    Pooled: TypeAlias = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:
    Connection, Pooled, Pool = asyncpg.Connection, asyncpg.pool.PoolConnectionProxy, asyncpg.Pool
Queryable: TypeAlias = Connection | Pool

# Moments leave PostgreSQL as JSON text: in UTC, whatever the server's default is.
SESSION = {"application_name": "postgres-data", "timezone": "UTC", "jit": "off"}
STATEMENT_SECONDS = 10.0
ACQUIRE_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 5.0
OUTAGE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # its connection broke between two statements of a transaction
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,  # connections, memory, room on its disk
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""What says that PostgreSQL is away or going, not that a statement is wrong."""
UNAVAILABLE = (*OUTAGE, asyncpg.InvalidAuthorizationSpecificationError)
"""What a caller hears of as 503: a changed password too is mended by its operator, not by another request."""
FAILURE = (*OUTAGE, asyncpg.PostgresError)
"""The same and whatever else it may answer, a new password or a deadlock: work in the background goes on after each."""

_log = structlog.get_logger()


def outage_problem(error: Exception) -> Problem:
    """The answer to a caller. Without Retry-After on purpose: that would promise that nothing was written."""
    return Problem(503, f"PostgreSQL is not available: {type(error).__name__}", "database-unavailable")


async def connect(dsn: str) -> Connection:
    """A connection of one's own, for work that outlives a request. Raises one of FAILURE."""
    try:
        return await asyncpg.connect(
            dsn, timeout=STATEMENT_SECONDS, command_timeout=STATEMENT_SECONDS, server_settings=SESSION
        )
    except asyncpg.ClientConfigurationError as error:  # would read as an outage, and no waiting mends it
        raise BadVariable("DATABASE_URL", str(error)) from None


async def open_pool(dsn: str, size: int) -> Pool:
    """A pool of `size` connections, all open; waits for PostgreSQL as long as it takes."""
    wait = 0.1
    while True:
        try:
            return await asyncpg.create_pool(
                dsn,
                min_size=size,
                max_size=size,
                timeout=STATEMENT_SECONDS,
                command_timeout=STATEMENT_SECONDS,
                server_settings=SESSION,
                reset=_end_transaction,
            )
        except OUTAGE as error:
            _log.warning("waiting for PostgreSQL", reason=f"{type(error).__name__}: {error}", again_in=wait)
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)


async def _end_transaction(connection: Connection) -> None:
    """Nothing here changes a session, so a connection goes back without the stock reset, a round trip each."""
    if connection.is_in_transaction():
        await connection.execute("rollback")
