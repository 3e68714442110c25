"""What a watch has shown: use cases that became Ready, Deployments that became Available, a child that appeared."""

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
class Begun:
    """When the first object was added whose name starts with *prefix*: then the operator is at work."""

    prefix: str = ""
    moment: float | None = None

    def seen(self, type_: str, obj: Json, moment: float) -> None:
        if self.moment is None and type_ == "ADDED" and obj["metadata"]["name"].startswith(self.prefix):
            self.moment = moment
