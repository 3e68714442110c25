"""Who may pass: the bot with its credential to its two paths, users with a token to all the rest.

In front of the routes, so that nothing behind it can be forgotten: a path is closed unless it is named here. What
comes through carries `caller`.
"""

import hmac
from contextvars import ContextVar

from pydantic import SecretStr

from usecase_api.tokens import AccessTokens
from usecase_http.problem import Problem, refuse
from usecase_runtime.server import App, Receive, Scope, Send

AUTH = "/api/v1/auth"
OPEN_PATHS = frozenset({"/health", "/docs", "/openapi.json", f"{AUTH}/register", f"{AUTH}/token", f"{AUTH}/refresh"})
BOT_PATHS = frozenset({f"{AUTH}/telegram", f"{AUTH}/telegram/links"})

caller: ContextVar[int] = ContextVar("caller")
"""The id of the user who asks. Unset on open paths and for the bot."""


def guarded(app: App, tokens: AccessTokens, bot_credential: SecretStr | None) -> App:
    """Answer 401 to whoever may not pass. Without a credential (DEBUG) the bot's paths are open."""
    credential = None if bot_credential is None else bot_credential.get_secret_value().encode()

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in OPEN_PATHS:
            return await app(scope, receive, send)
        given = _bearer(scope)
        if path in BOT_PATHS:
            if credential is None or hmac.compare_digest(given, credential):
                return await app(scope, receive, send)
            return await refuse(send, Problem(401, "the bot's credential is missing or wrong"))
        try:
            user_id = tokens.user_of(given.decode("latin-1"))
        except Problem as problem:
            return await refuse(send, problem)
        reset = caller.set(user_id)
        try:
            await app(scope, receive, send)
        finally:
            caller.reset(reset)

    return gate


def _bearer(scope: Scope) -> bytes:
    value: bytes = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return value[7:] if value[:7].lower() == b"bearer " else b""
