"""Every few minutes: is each UseCase of the mirror still there, and is each that is there in the mirror, as it is now?

kopf tells of no deletion that it missed: where a watch has to begin anew, it hears of what exists and of nothing else;
and if that first list breaks off in the middle, not of all that exists. Whoever is asked to write for a UseCase that is
gone notices (`resource`); the others are found here, and what the mirror of children remembers of the dead goes with
them. A list of metadata; `main` runs it, on a standby too.
"""

import asyncio
import logging
from collections.abc import Sequence
from random import uniform

from usecase_operator.cluster.children import Children
from usecase_operator.cluster.client import ApiError, Client, Json
from usecase_operator.cluster.usecases import UseCases
from usecase_operator.metadata import KIND

SOON, PAUSE = 30.0, 300.0
"""Seconds before the first call, when all UseCases were listed, and between two."""

log = logging.getLogger(__name__)


async def keep_calling(client: Client, usecases: UseCases, children: Children, namespaces: Sequence[str]) -> None:
    """For ever. *namespaces*: empty means the whole cluster."""
    await asyncio.sleep(SOON * uniform(0.8, 1.2))
    while True:
        await call(client, usecases, children, namespaces)
        await asyncio.sleep(PAUSE * uniform(0.8, 1.2))


async def call(client: Client, usecases: UseCases, children: Children, namespaces: Sequence[str]) -> None:
    for namespace in namespaces or (None,):
        try:
            there, version = await client.roll(KIND, namespace)
            usecases.keep_only(there, version, namespace)
            for uid, metadata in there.items():
                if usecases.version_of(uid) < int(metadata["resourceVersion"]):
                    await _look(client, usecases, metadata)
        except ApiError as error:
            log.debug("a roll call was not answered", extra={"error": str(error)})
    children.forget_all_but(usecases.uids())


async def _look(client: Client, usecases: UseCases, metadata: Json) -> None:
    if found := await client.get(KIND, metadata["namespace"], metadata["name"]):
        usecases.put(found)
