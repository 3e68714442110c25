"""One JSON object a line on stdout, from our code and from libraries, with request and trace id, without
secrets.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import structlog

from usecase_runtime import context

_SECRET_KEY = re.compile(r"password|secret|token|authorization|api_?key|credential", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]*@")


def _with_context(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    if (request_id := context.request_id.get()) is not None:
        event["request_id"] = request_id
    if (traceparent := context.traceparent.get()) is not None:
        event["trace_id"] = traceparent[3:35]
    return event


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Mask values whose key names a secret, and passwords inside URLs wherever they stand."""
    for key, value in event.items():
        if _SECRET_KEY.search(key):
            event[key] = "***"
        elif isinstance(value, str) and "://" in value:
            event[key] = _URL_PASSWORD.sub(r"\1:***@", value)
    return event


class _IntoStructlog(logging.Handler):
    """Hands what libraries log by the standard module to the same pipeline."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def configure_logs(service: str, level: str) -> None:
    """Set up logging of the process, once. Libraries speak from WARNING on; DEBUG lets all of them speak."""
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _with_context,
            lambda _logger, _method, event: {"service": service, **event},
            structlog.processors.format_exc_info,
            without_secrets,
            structlog.processors.JSONRenderer(serializer=orjson.dumps, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    libraries = number if number == logging.DEBUG else max(number, logging.WARNING)
    logging.basicConfig(handlers=[_IntoStructlog()], level=libraries, force=True)
