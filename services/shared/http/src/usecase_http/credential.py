"""The internal credential in front of a data service: every path needs it, but a few open ones."""

import hmac
from collections.abc import Container

from pydantic import SecretStr

from usecase_http.problem import Problem, refuse
from usecase_runtime.server import App, Receive, Scope, Send


def bearer_required(app: App, token: SecretStr | None, open_paths: Container[str] = ("/health",)) -> App:
    """Answer 401 unless a request carries `Authorization: Bearer <token>`. No token (DEBUG): `app` itself."""
    if token is None:
        return app
    expected = f"Bearer {token.get_secret_value()}".encode()

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if scope["path"] in open_paths or hmac.compare_digest(given, expected):
            return await app(scope, receive, send)
        await refuse(send, Problem(401, "the internal credential is missing or wrong"))

    return gate
