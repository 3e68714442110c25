"""RFC 9457 problem bodies: the one form in which a service says no.

`type` is `urn:usecase:<slug>` where a program can act on the difference, else `about:blank`.
"""

from http import HTTPStatus

import orjson

from usecase_runtime.context import request_id
from usecase_runtime.server import Send


class Problem(Exception):  # noqa: N818 - the RFC's word
    """Raised where the answer is no: HTTP `status`, `detail` for people, `slug` for programs.

    `errors` are pairs of `field` and `message`; `retry_after` is in seconds.
    """

    def __init__(
        self, status: int, detail: str, slug: str | None = None,
        errors: list[dict[str, str]] | None = None, retry_after: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(detail)
        kind = f"urn:usecase:{slug}" if slug else "about:blank"
        self.status = status
        self.members = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        self.members |= {"errors": errors} if errors else {}
        self.headers = {"content-type": "application/problem+json"}
        self.headers |= {"retry-after": str(retry_after)} if retry_after is not None else {}
        self.headers |= {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}

    def body(self) -> bytes:
        """The problem as JSON, with the id of the request it answers."""
        return orjson.dumps({**self.members, "request_id": request_id.get()})


async def refuse(send: Send, problem: Problem) -> None:
    """Answer an ASGI request with a problem."""
    body = problem.body()
    headers = {**problem.headers, "content-length": str(len(body))}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
