"""Messages once sent are read forever: each golden parses, and we still write what it says.

A golden is named `<event_type>.v<version>.json`. A field may be added to a message (older goldens lack it); none may go
or change its meaning without a new version, with a golden of its own.
"""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from usecase_contracts import messages

GOLDENS = Path(__file__).parent / "messages"
FILES = sorted(GOLDENS.glob("*.json"))


def restricted(written: Any, golden: Any) -> Any:
    """What was written, without the fields that the golden is too old to have."""
    if isinstance(golden, dict):
        return {key: restricted(written.get(key), golden[key]) for key in golden}
    return written


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_message_once_sent_is_understood_and_still_written(file: Path) -> None:
    message = messages.parse(file.read_bytes())
    assert file.stem == f"{message.event_type}.v{message.version}"
    written = json.loads(messages.serialize(message))
    golden = json.loads(file.read_text())
    assert restricted(written, golden) == golden


def test_every_message_has_a_golden() -> None:
    kinds = get_args(get_args(messages.Message)[0])
    assert {kind.model_fields["event_type"].default for kind in kinds} == {file.stem.split(".")[0] for file in FILES}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"event_type": "task_exploded", "data": {}}', id="a type nobody knows"),
        pytest.param(b'{"event_type": "task_created"}', id="no data"),
    ],
)
def test_what_is_no_message_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        messages.parse(body)


def test_a_newer_writer_may_say_more() -> None:
    golden = json.loads((GOLDENS / "task_created.v1.json").read_text())
    golden["tenant"], golden["data"]["labels"] = "acme", ["new"]
    assert messages.parse(json.dumps(golden).encode()).event_type == "task_created"


def test_a_version_we_do_not_know_is_not_guessed() -> None:
    golden = json.loads((GOLDENS / "task_created.v1.json").read_text()) | {"version": 2}
    with pytest.raises(ValueError, match="version"):
        messages.parse(json.dumps(golden).encode())
