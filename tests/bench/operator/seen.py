"""What a watch has shown: use cases that became Ready, Deployments that became Available, children that appeared."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Holds:
    """Names of the objects that start with *prefix* and whose condition is True; `last`: when the last became so."""

    condition: str
    prefix: str = ""
    names: set[str] = field(default_factory=set)
    last: float = 0.0

    def seen(self, type_: str, obj: Json, moment: float) -> None:
        name = obj["metadata"]["name"]
        conditions = {each["type"]: each["status"] for each in obj.get("status", {}).get("conditions", ())}
        if conditions.get(self.condition) == "True" and name.startswith(self.prefix) and name not in self.names:
            self.names.add(name)
            self.last = moment


@dataclass
class Added:
    """How many objects were added whose names start with *prefix*; when the first was, and the last."""

    prefix: str = ""
    count: int = 0
    first: float = 0.0
    last: float = 0.0

    def begin(self, prefix: str) -> None:
        """Count anew."""
        self.prefix, self.count, self.first, self.last = prefix, 0, 0.0, 0.0

    def seen(self, type_: str, obj: Json, moment: float) -> None:
        if type_ == "ADDED" and obj["metadata"]["name"].startswith(self.prefix):
            self.first, self.last, self.count = self.first or moment, moment, self.count + 1
