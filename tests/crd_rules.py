"""The table of the CRD's rules (`integration/operator/crd_rules.yaml`), and the objects it speaks of."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "integration/operator/crd_rules.yaml").read_text())

Change = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule. *before* is None for a rule that looks at an object alone, and else what stood there before."""

    where: str
    message: str
    accepted: Change
    refused: Change
    said: str
    before: Change | None = None

    @property
    def title(self) -> str:
        return f"{self.where.rpartition('.')[2] or 'root'}: {self.message}"


RULES = [Rule(**row) for row in TABLE["rules"]]


def changed(change: Change) -> dict[str, Any]:
    """The table's base object under *change*."""
    found: dict[str, Any] = copy.deepcopy(TABLE["base"])
    for path, value in change.items():
        _put(found, path, copy.deepcopy(value))
    return found


def _put(found: Any, path: str, value: Any) -> None:
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in way:
        found = found[part]
    if isinstance(found, list) and last == len(found):
        found.append(value)
    elif value is None:
        del found[last]
    else:
        found[last] = value
