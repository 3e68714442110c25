"""kopf's part, and kopf only here: it watches UseCases, marks them, and stops with us. It writes nothing.

Everything else of an operator framework (finalizer, retries, Events, progress in annotations) is ours; why, and what it
measured: docs/decisions, "kopf at the edge".
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import kopf

from usecase_operator.cluster.client import REQUEST_SECONDS
from usecase_operator.metadata import GROUP

# An API server that is away, or forbids, ends kopf after the last of these, and kopf's end is the process's. A standby
# sits an outage out with filled mirrors, and where a namespace that is served is gone, the others go on. After an hour
# a new process may help, as where the API server has another authority.
BACKOFFS = (1, 1, 2, 3, *(5,) * 720)

Changed = Callable[[str | None, Any], None]


def registry(server: str, session: Callable[[], aiohttp.ClientSession], changed: Changed) -> kopf.OperatorRegistry:
    """Handlers that call *changed*(type, object) for every event of a UseCase; type None is the first list.

    *session* makes a new one at each login: kopf closes what it was given, at its end and before it logs in again.
    """
    made = kopf.OperatorRegistry()

    @kopf.on.startup(registry=made)
    async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        tune(settings)

    @kopf.on.login(registry=made)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return kopf.AiohttpSession(server=server, aiohttp_session=session())

    @kopf.on.event(GROUP, "v1alpha1", "usecases", registry=made)
    async def event(event: Any, **_: Any) -> None:
        changed(event["type"], event["object"])

    return made


def tune(settings: kopf.OperatorSettings) -> None:
    """Only what is needed of kopf, and with more patience."""
    settings.posting.enabled = False
    settings.scanning.disabled = True  # else it needs rights on CRDs and namespaces
    # A worker does nothing after its event but keep the object for this long; with the limit, a thousand
    # objects in a row would wait for each other for minutes.
    settings.queueing.worker_limit, settings.queueing.idle_timeout = 32, 0.01
    settings.networking.error_backoffs = BACKOFFS
    # Its own limit is five minutes: a question that gets lost at the start would hold the operator up for so long.
    settings.networking.request_timeout = REQUEST_SECONDS
    settings.watching.initial_streaming = True
    # Any string but our own: kopf removes "its" finalizer whenever no handler of its needs one.
    settings.persistence.finalizer = f"kopf.{GROUP}/unused"


async def run(
    made: kopf.OperatorRegistry, namespaces: Sequence[str], identity: str, ready: asyncio.Event, stop: asyncio.Event
) -> None:
    """kopf, until *stop* is set. Returning earlier, or raising, means that the process must end.

    Without an *identity* kopf would ask for the user's name, and the container's user has none.
    """
    options: dict[str, Any] = {"namespaces": list(namespaces)} if namespaces else {"clusterwide": True}
    options["identity"] = identity  # kopf's type for it is not public
    await kopf.operator(registry=made, standalone=True, ready_flag=ready, stop_flag=stop, **options)
