"""docs/reference/events.md lists the stack's messages, their queues, and the operator's Events, as the code does."""

import re
from typing import get_args

from pages import in_code, table
from usecase_contracts.messages import Message
from usecase_contracts.topology import BINDINGS, REMINDER_DUE_KEY, REMINDERS, TASK_EVENTS, task_key
from usecase_operator import reasons
from usecase_operator.transitions import GOOD_NEWS, WHILE_UNKNOWN
from usecases import ROOT

PAGE = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")


def test_every_message_is_listed_with_its_way() -> None:
    listed = {tuple(in_code(" ".join(row[:3]))) for row in table(PAGE, "## Messages")}
    types = {kind.model_fields["event_type"].default for kind in get_args(get_args(Message)[0])}

    assert listed == {
        (each, REMINDERS, REMINDER_DUE_KEY) if each == "reminder_due" else (each, TASK_EVENTS, task_key(each))
        for each in types
    }


def test_every_binding_is_listed() -> None:
    listed = [tuple(in_code(" ".join(row[:3]))) for row in table(PAGE, "## Queues")]

    assert sorted(listed) == sorted((each.queue, each.exchange, each.routing_key) for each in BINDINGS)


def test_every_reason_of_an_event_is_listed_with_its_type() -> None:
    listed = {in_code(row[0])[0]: row[1] for row in table(PAGE, "## Kubernetes Events")}
    told = dict.fromkeys(GOOD_NEWS.values(), "Normal") | WHILE_UNKNOWN
    for path in (ROOT / "operator" / "src").rglob("*.py"):
        posted = re.findall(r'KubernetesEvent\(\s*"(\w+)", reasons\.(\w+)', path.read_text(encoding="utf-8"))
        told |= {getattr(reasons, name): kind for kind, name in posted}

    assert listed == told
