"""One JSON object a line, with ids, without secrets."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from usecase_runtime import context
from usecase_runtime.logs import configure_logs, without_secrets

Captured = pytest.CaptureFixture[bytes]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(captured: Captured) -> list[dict[str, Any]]:
    """What left the process."""
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def test_a_line_says_who_when_what(capsysbinary: Captured) -> None:
    configure_logs("sample", "INFO")
    structlog.get_logger().info("task created", task=42)
    (line,) = logged(capsysbinary)
    assert {"service": "sample", "level": "info", "event": "task created", "task": 42}.items() <= line.items()
    assert line["timestamp"].endswith("Z")


def test_ids_of_the_work_in_hand_are_on_every_line(capsysbinary: Captured) -> None:
    configure_logs("sample", "INFO")
    request = context.request_id.set("r-1")
    trace = context.traceparent.set(f"00-{'a' * 32}-{'b' * 16}-01")
    structlog.get_logger().info("in hand")
    context.request_id.reset(request)
    context.traceparent.reset(trace)
    (line,) = logged(capsysbinary)
    assert (line["request_id"], line["trace_id"]) == ("r-1", "a" * 32)


def test_libraries_speak_the_same_form_from_warning_on(capsysbinary: Captured) -> None:
    configure_logs("sample", "INFO")
    logging.getLogger("somebody.else").info("chatter")
    logging.getLogger("somebody.else").warning("careful: %s", "hot")
    (line,) = logged(capsysbinary)
    assert (line["event"], line["logger"], line["level"]) == ("careful: hot", "somebody.else", "warning")


def test_a_lower_level_is_not_written(capsysbinary: Captured) -> None:
    configure_logs("sample", "ERROR")
    structlog.get_logger().warning("not this")
    assert logged(capsysbinary) == []


def test_an_exception_is_part_of_its_line(capsysbinary: Captured) -> None:
    configure_logs("sample", "INFO")
    try:
        raise RuntimeError("cannot reach amqp://guest:hunter2@broker/")
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (line,) = logged(capsysbinary)
    assert "RuntimeError" in line["exception"]
    assert "hunter2" not in line["exception"]


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ({"password": "hunter2"}, {"password": "***"}),
        ({"hashed_password": "$argon2"}, {"hashed_password": "***"}),
        ({"Authorization": "Bearer x"}, {"Authorization": "***"}),
        ({"bot_token": "1:x"}, {"bot_token": "***"}),
        ({"url": "redis://:pw@redis:6379/0"}, {"url": "redis://:***@redis:6379/0"}),
        ({"url": "postgresql://u:p:w@db/x"}, {"url": "postgresql://u:***@db/x"}),
        ({"url": "http://api:8000/tasks"}, {"url": "http://api:8000/tasks"}),
        ({"task": 42}, {"task": 42}),
    ],
    ids=lambda value: next(iter(value)),
)
def test_secrets_are_masked(event: dict[str, Any], shown: dict[str, Any]) -> None:
    assert without_secrets(None, "info", event) == shown
