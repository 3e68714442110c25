"""Secrets, namespace by namespace: the operator may read them only where a RoleBinding says so.

A namespace is watched while a UseCase in it needs Secrets. Kept are digests of values; whole values only of
connection Secrets, which the operator itself needs. Secrets that it made are children too.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp

from usecase_operator import reasons
from usecase_operator.cluster.children import Children, ChildrenOfKind, owner_of
from usecase_operator.cluster.reflector import Reflector
from usecase_operator.cluster.resources import path
from usecase_operator.errors import Retry
from usecase_operator.metadata import digest

Json = dict[str, Any]
CONNECTION_KEY = "managementUri"
SYNC_SECONDS = 4.0
ROLE = "usecase-operator-secrets"


@dataclass(frozen=True, slots=True)
class Secret:
    """*digests*: key → digest of its value. *data*: base64 values, of connection Secrets only."""

    digests: Mapping[str, str]
    data: Mapping[str, str] | None


class SecretsOfNamespace:
    """The sink of one namespace's watch."""

    def __init__(self, namespace: str, children: Children, changed: Callable[[str, str], None]) -> None:
        self._namespace = namespace
        self._ours = ChildrenOfKind(children, "Secret", namespace)
        self._changed = changed
        self._found: dict[str, Secret] = {}
        self._names: dict[str, str] = {}

    def get(self, name: str) -> Secret | None:
        return self._found.get(name)

    def put(self, obj: Json) -> None:
        self._ours.put(obj)
        if owner_of(obj):
            self._forget(obj["metadata"]["uid"])  # it was somebody's, until it was handed over
            return
        data, name = obj.get("data") or {}, obj["metadata"]["name"]
        secret = Secret(
            {key: digest(value) for key, value in data.items()}, dict(data) if CONNECTION_KEY in data else None
        )
        self._names[obj["metadata"]["uid"]] = name
        if self._found.get(name) != secret:
            self._found[name] = secret
            self._changed(self._namespace, name)

    def remove(self, obj: Json) -> None:
        self._ours.remove(obj)
        self._forget(obj["metadata"]["uid"])

    def keep_only(self, uids: set[str]) -> None:
        self._ours.keep_only(uids)
        for uid in set(self._names) - uids:
            self._forget(uid)

    def _forget(self, uid: str) -> None:
        if name := self._names.pop(uid, None):
            if name not in self._names.values():
                self._found.pop(name, None)
            self._changed(self._namespace, name)


@dataclass(slots=True)
class Watched:
    sink: SecretsOfNamespace
    reflector: Reflector
    task: asyncio.Task[None]
    needed_by: set[str]


class Secrets:
    """*changed*(namespace, name) tells of a Secret; *available*(namespace) of access given or taken."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        children: Children,
        changed: Callable[[str, str], None],
        available: Callable[[str], None],
        service_account: str,
    ) -> None:
        self._session = session
        self._children = children
        self._changed = changed
        self._available = available
        self._service_account = service_account
        self._watched: dict[str, Watched] = {}

    @property
    def reflectors(self) -> list[Reflector]:
        return [each.reflector for each in self._watched.values()]

    async def open(self, namespace: str, uid: str) -> SecretsOfNamespace:
        """The Secrets of *namespace*, for the UseCase *uid*. Raises `Retry(SecretsForbidden)` with the command."""
        watched = self._watched.get(namespace) or self._watch(namespace)
        watched.needed_by.add(uid)
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await watched.reflector.synced.wait()
        except TimeoutError as error:
            raise Retry(
                reasons.API_UNAVAILABLE, f"the Secrets of namespace {namespace} are not read yet", after=2
            ) from error
        if watched.reflector.refused:
            command = (
                f"kubectl create rolebinding {ROLE} --namespace {namespace} --clusterrole {ROLE}"
                f" --serviceaccount {self._service_account}"
            )
            message = f"the operator may not use Secrets in namespace {namespace}; allow it there: {command}"
            raise Retry(reasons.SECRETS_FORBIDDEN, message, after=60)
        return watched.sink

    def release(self, namespace: str, uid: str) -> None:
        """*uid* needs no Secrets there any more; the last one ends the watch."""
        watched = self._watched.get(namespace)
        if watched is None:
            return
        watched.needed_by.discard(uid)
        if not watched.needed_by:
            del self._watched[namespace]
            watched.task.cancel()

    def users_of(self, namespace: str) -> set[str]:
        watched = self._watched.get(namespace)
        return set(watched.needed_by) if watched else set()

    async def close(self) -> None:
        for each in self._watched.values():
            each.task.cancel()
            with suppress(asyncio.CancelledError):
                await each.task
        self._watched.clear()

    def _watch(self, namespace: str) -> Watched:
        sink = SecretsOfNamespace(namespace, self._children, self._changed)
        reflector = Reflector(
            self._session,
            path("Secret", namespace),
            sink,
            absent={403},
            available=lambda _: self._available(namespace),
        )
        task = asyncio.create_task(reflector.run(), name=f"secrets of {namespace}")
        watched = self._watched[namespace] = Watched(sink, reflector, task, set())
        return watched
