"""What travels with a piece of work from process to process: the request id and the W3C trace context.

Set at the edges (`edge`, `consume`), read by logs and by everything that sends.
"""

import re
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def valid_request_id(value: str | None) -> str | None:
    """The id if it is safe to log and to repeat in a header, else None."""
    return value if value and _REQUEST_ID.fullmatch(value) else None


def valid_traceparent(value: str | None) -> str | None:
    """The header if it has the form of W3C Trace Context version 00, else None."""
    return value if value and _TRACEPARENT.fullmatch(value) else None


def outgoing_headers() -> dict[str, str]:
    """Headers for whatever this work sends, HTTP or AMQP: `x-request-id` and `traceparent`, where known."""
    pairs = (("x-request-id", request_id.get()), ("traceparent", traceparent.get()))
    return {name: value for name, value in pairs if value}
