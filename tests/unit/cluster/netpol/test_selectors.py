"""Label selectors say what the API reference says of them."""

from typing import Any

import pytest

from cluster.netpol.selectors import matches

LABELS = {"app": "web", "tier": "front"}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


ROWS: dict[str, tuple[dict[str, Any], bool]] = {
    "an empty selector takes all": ({}, True),
    "a label that is there": ({"matchLabels": {"app": "web"}}, True),
    "a label with another value": ({"matchLabels": {"app": "db"}}, False),
    "a label that is missing": ({"matchLabels": {"zone": "a"}}, False),
    "all labels must be there": ({"matchLabels": {"app": "web", "zone": "a"}}, False),
    "In, listed": (expression("app", "In", "db", "web"), True),
    "In, not listed": (expression("app", "In", "db"), False),
    "In, missing": (expression("zone", "In", "a"), False),
    "NotIn, listed": (expression("app", "NotIn", "db", "web"), False),
    "NotIn, not listed": (expression("app", "NotIn", "db"), True),
    "NotIn takes what lacks the label": (expression("zone", "NotIn", "a"), True),
    "Exists, there": (expression("app", "Exists"), True),
    "Exists, missing": (expression("zone", "Exists"), False),
    "DoesNotExist, there": (expression("app", "DoesNotExist"), False),
    "DoesNotExist, missing": (expression("zone", "DoesNotExist"), True),
    "labels and expressions both hold": ({"matchLabels": {"app": "web"}} | expression("tier", "Exists"), True),
    "labels hold, expressions do not": ({"matchLabels": {"app": "web"}} | expression("zone", "Exists"), False),
}


@pytest.mark.parametrize(("selector", "expected"), ROWS.values(), ids=ROWS)
def test_what_a_selector_takes(selector: dict[str, Any], expected: bool) -> None:
    assert matches(selector, LABELS) is expected
