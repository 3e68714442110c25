"""Label selectors, as the API reference defines them; the rules ask for policies, peers and namespaces."""

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether labels fulfil every requirement of the selector; an empty one has none, so it takes all."""
    wanted = (selector.get("matchLabels") or {}).items()
    return wanted <= labels.items() and all(_holds(r, labels) for r in selector.get("matchExpressions") or ())


def _holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, operator = labels.get(requirement["key"]), requirement["operator"]
    if operator in ("Exists", "DoesNotExist"):
        return (value is None) is (operator == "DoesNotExist")
    # NotIn also takes what lacks the label: a missing one is in no list of values.
    return (value in list[Any](requirement["values"])) is (operator == "In")
