"""Every few minutes: is each UseCase of the mirror still there?

kopf tells of no deletion that it missed: where a watch has to begin anew, it hears of what exists and of nothing else.
Whoever is asked to write for such a UseCase notices (`resource`); one that has nothing to write is found here, and what
the mirror of children remembers of the dead goes with it. A list of metadata; `main` runs it, on a standby too.
"""

import asyncio
import logging
from collections.abc import Sequence
from random import uniform

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError, Client
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.metadata import KIND

PAUSE = 300.0

log = logging.getLogger(__name__)


async def keep_calling(client: Client, usecases: UseCases, children: Children, namespaces: Sequence[str]) -> None:
    """For ever. *namespaces*: empty means the whole cluster."""
    while True:
        await asyncio.sleep(PAUSE * uniform(0.8, 1.2))
        await call(client, usecases, children, namespaces)


async def call(client: Client, usecases: UseCases, children: Children, namespaces: Sequence[str]) -> None:
    for namespace in namespaces or (None,):
        try:
            uids, version = await client.uids(KIND, namespace)
        except ApiError as error:
            log.debug("a roll call was not answered", extra={"error": str(error)})
        else:
            usecases.keep_only(uids, version, namespace)
    children.forget_all_but(usecases.uids())
