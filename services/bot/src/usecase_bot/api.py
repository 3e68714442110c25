"""The business API as the bot uses it: every task is asked for in the name of the user whose chat it is.

Tokens are held in memory, for as many chats as fit, and asked for anew by the bot's credential when they end (R24):
nobody has to say /start again, and a restart of the bot costs one call a chat.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

import orjson

from usecase_bot.entry import Entry
from usecase_bot.presses import Listing
from usecase_contracts.own_tasks import NewTask, TaskChange, TaskList
from usecase_contracts.sessions import TelegramIdentity, TelegramLinkRequest, TelegramSession
from usecase_contracts.tasks import Task, TaskStats, TaskStatus
from usecase_http.client import Client, Query
from usecase_runtime.errors import NotDone, NotFound, NotSent, Refused, Unavailable

MAX_SESSIONS = 10_000
RENEW_BEFORE_SECONDS = 30
PER_PAGE = 10
_FILTERS: dict[Listing, Query] = {
    Listing.ALL: {},
    Listing.PENDING: {"status": "todo"},
    Listing.COMPLETED: {"status": "completed"},
}


class NotLinked(Exception):  # noqa: N818 - read as a sentence: `raise NotLinked`
    """No account is linked to this Telegram id."""


class Sessions:
    """The tokens of chats, the least recently used one forgotten first."""

    def __init__(self, size: int = MAX_SESSIONS, clock: Callable[[], float] = time.monotonic) -> None:
        self._held: OrderedDict[int, tuple[str, float, str]] = OrderedDict()
        self._size, self._clock = size, clock

    def keep(self, telegram_id: int, session: TelegramSession) -> str:
        """Remember the token, and give it."""
        ends = self._clock() + session.expires_in - RENEW_BEFORE_SECONDS
        self._held[telegram_id] = session.access_token, ends, session.username
        self._held.move_to_end(telegram_id)
        if len(self._held) > self._size:
            self._held.popitem(last=False)
        return session.access_token

    def token(self, telegram_id: int) -> str | None:
        """A token that is good for a while, if there is one."""
        token, ends, _ = self._held.get(telegram_id, ("", 0.0, ""))
        if not token or self._clock() >= ends:
            return None
        self._held.move_to_end(telegram_id)
        return token

    def forget(self, telegram_id: int) -> None:
        self._held.pop(telegram_id, None)

    def forget_user(self, username: str) -> None:
        """An account has one chat: whoever held it before is asked who they are."""
        for telegram_id in [each for each, (_, _, name) in self._held.items() if name == username]:
            self.forget(telegram_id)


class Api:
    """Calls raise NotLinked, and what the client raises: NotFound, Refused, Unavailable."""

    def __init__(self, client: Client) -> None:
        self._client, self._sessions = client, Sessions()

    async def link(self, telegram_id: int, code: str) -> str:
        """Spend a link code; the name of the account that the chat is now linked to. NotFound: no such code."""
        body = TelegramLinkRequest(code=code, telegram_id=telegram_id).model_dump_json().encode()
        answer = await self._client.call("POST", "/api/v1/auth/telegram/links", body, repeatable=False)
        session = TelegramSession.model_validate_json(answer)
        self._sessions.forget_user(session.username)
        self._sessions.keep(telegram_id, session)
        return session.username

    async def account(self, telegram_id: int) -> str:
        """The name of the linked account."""
        return (await self._session(telegram_id)).username

    async def require_account(self, telegram_id: int) -> None:
        """Raise NotLinked if there is none. While a token is held, nobody is asked."""
        if self._sessions.token(telegram_id) is None:
            self._sessions.keep(telegram_id, await self._session(telegram_id))

    async def create(self, telegram_id: int, entry: Entry) -> Task:
        """Make a task. NotDone: there is none. Unavailable: nobody knows, as the api's own answer got lost."""
        new = NewTask(
            title=entry.title, description=entry.description, priority=entry.priority, due_date=entry.due
        )  # fmt: skip
        body = new.model_dump_json().encode()
        return Task.model_validate_json(await self._ask(telegram_id, "POST", "/tasks", body, repeatable=False))

    async def task(self, telegram_id: int, task_id: int) -> Task:
        return Task.model_validate_json(await self._ask(telegram_id, "GET", f"/tasks/{task_id}"))

    async def tasks(self, telegram_id: int, listing: Listing, page: int) -> TaskList:
        query = {**_FILTERS[listing], "page": page, "per_page": PER_PAGE}
        return TaskList.model_validate_json(await self._ask(telegram_id, "GET", "/tasks", query=query))

    async def change(self, telegram_id: int, task_id: int, status: TaskStatus) -> Task:
        """Give a task a status; the task as it is then."""
        body = TaskChange(status=status).model_dump_json(exclude_unset=True).encode()
        try:
            return Task.model_validate_json(await self._ask(telegram_id, "PATCH", f"/tasks/{task_id}", body))
        except NotSent:
            raise
        except NotDone as error:
            # Between services Retry-After says that nothing was done. The api's says only that a change may be asked
            # for again without harm: its own call of postgres-data may have arrived.
            raise Unavailable(str(error)) from error

    async def stats(self, telegram_id: int) -> TaskStats:
        return TaskStats.model_validate_json(await self._ask(telegram_id, "GET", "/tasks/stats"))

    async def _ask(
        self, telegram_id: int, method: str, path: str,
        body: bytes | None = None, query: Query | None = None, repeatable: bool = True,
    ) -> bytes:  # fmt: skip
        """One call with the user's token; with a new one if the api no longer takes the one we hold."""
        path = f"/api/v1{path}"
        if held := self._sessions.token(telegram_id):
            try:
                return await self._client.call(method, path, body, query, repeatable, _bearer(held))
            except Refused as error:
                if error.status != HTTPStatus.UNAUTHORIZED:
                    raise
        fresh = self._sessions.keep(telegram_id, await self._session(telegram_id))
        return await self._client.call(method, path, body, query, repeatable, _bearer(fresh))

    async def _session(self, telegram_id: int) -> TelegramSession:
        self._sessions.forget(telegram_id)
        body = TelegramIdentity(telegram_id=telegram_id).model_dump_json().encode()
        try:
            answer = await self._client.call("POST", "/api/v1/auth/telegram", body)
        except NotFound:
            raise NotLinked from None
        return TelegramSession.model_validate_json(answer)


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def reason(refused: Refused) -> str:
    """What the api's problem says to a person."""
    try:
        problem = orjson.loads(refused.body)
        errors = [f"{each['field']}: {each['message']}" for each in problem.get("errors") or []]
        return "; ".join(errors) or str(problem["detail"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the task API answered {refused.status}"
